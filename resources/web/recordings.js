// The list of recordings on the left, and sending one.

import { ask, base, by, made, tell } from "./api.js";

export async function recordings(chosen) {
  const folder = await ask("api/folder");
  by("where").textContent = folder.folder ? `Folder ${folder.folder}` : "No folder is served: send a recording";
  const list = by("recordings");
  const sent = [];
  const file = by("file");
  let request = null;

  function button(text, choose) {
    const item = made("li");
    const row = made("button", text);
    row.type = "button";
    row.addEventListener("click", () => choose(row));
    item.append(row);
    return item;
  }

  function mark(row) {
    for (const one of list.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one === row));
  }

  async function pick(name, row) {
    tell(by("side-error"), "");
    row.setAttribute("aria-busy", "true");
    try {
      const recording = await ask("api/open", { name });
      mark(row);
      chosen(recording);
    } catch (error) {
      tell(by("side-error"), error.message);
    } finally {
      row.removeAttribute("aria-busy");
    }
  }

  function fill() {
    list.replaceChildren();
    if (sent.length) list.append(made("li", "Sent", "group"));
    for (const recording of sent) {
      list.append(button(recording.name, (row) => { mark(row); chosen(recording); }));
    }
    if (folder.recordings.length) list.append(made("li", folder.folder, "group"));
    for (const name of folder.recordings) list.append(button(name, (row) => pick(name, row)));
    if (!list.children.length) list.append(made("li", folder.folder ? "There is no recording in the folder." : "Nothing yet.", "empty"));
  }

  function send(one) {
    tell(by("side-error"), "");
    if (!one || request) return;
    if (one.size > folder.most_bytes) {
      tell(by("side-error"), `${one.name} is larger than ${Math.round(folder.most_bytes / 1e6)} MB: put it into the served folder, or send a part.`);
      return;
    }
    request = new XMLHttpRequest();  // which tells how much is sent; fetch does not
    request.open("POST", `${base}api/upload?name=${encodeURIComponent(one.name)}`);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => { by("sent").value = event.loaded / event.total; });
    request.addEventListener("loadend", () => {
      const { status, response } = request;
      request = null;
      by("sending").hidden = true;
      if (status === 200) {
        sent.unshift(response);
        fill();
        mark(list.querySelector("button"));
        chosen(response);
      } else if (status) {
        tell(by("side-error"), response?.error ?? "It was not taken.");
      } else {
        tell(by("side-error"), "It was not sent.");
      }
    });
    by("sent").value = 0;
    by("sending").hidden = false;
    request.send(one);
  }

  const drop = by("drop");
  file.accept = folder.suffixes.join(",");
  drop.addEventListener("click", () => file.click());
  file.addEventListener("change", () => { send(file.files[0]); file.value = ""; });
  by("stop-sending").addEventListener("click", () => request?.abort());
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    send(event.dataTransfer.files[0]);
  });
  fill();
  return folder;
}
