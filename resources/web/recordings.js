// The list of recordings on the left, of which one or `most` are chosen, and sending one.

import { ask, base, by, made, tell } from "./api.js";

export async function recordings(chosen, limit = null) {
  const folder = await ask("api/folder");
  by("where").textContent = folder.folder ? `Folder ${folder.folder}` : "No folder is served: send a recording";
  const list = by("recordings");
  const most = limit ? folder[limit] : 1;
  const sent = [];
  const picked = new Map();
  const file = by("file");
  let request = null;

  const rows = () => [...list.querySelectorAll("button")];

  function button(id, text, choose) {
    const item = made("li");
    const row = made("button", text);
    row.type = "button";
    row.dataset.id = id;
    row.addEventListener("click", () => choose(row));
    item.append(row);
    return item;
  }

  function mark() {
    for (const row of rows()) row.setAttribute("aria-pressed", String(picked.has(row.dataset.id)));
  }

  function take(id, recording) {
    if (most === 1) picked.clear();
    if (!picked.delete(id)) {
      if (picked.size >= most) {
        tell(by("side-error"), `Up to ${most} recordings are compared: leave another one out first.`);
        return;
      }
      picked.set(id, recording);
    }
    mark();
    chosen(most === 1 ? recording : [...picked.values()]);
  }

  async function pick(name, row) {
    tell(by("side-error"), "");
    if (most > 1 && picked.has(row.dataset.id)) return take(row.dataset.id);
    row.setAttribute("aria-busy", "true");
    try {
      take(row.dataset.id, await ask("api/open", { name }));
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
      list.append(button(recording.key, recording.name, () => take(recording.key, recording)));
    }
    if (folder.recordings.length) list.append(made("li", folder.folder, "group"));
    for (const name of folder.recordings) list.append(button(`/${name}`, name, (row) => pick(name, row)));
    if (!list.children.length) list.append(made("li", folder.folder ? "There is no recording in the folder." : "Nothing yet.", "empty"));
    mark();
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
        take(response.key, response);
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

  document.getElementById("all")?.addEventListener("click", async () => {
    const left = rows().filter((row) => !picked.has(row.dataset.id)).slice(0, most - picked.size);
    for (const row of left.length ? left : rows().filter((one) => picked.has(one.dataset.id))) {
      const known = sent.find((one) => one.key === row.dataset.id);
      if (known) take(known.key, known);
      else await pick(row.textContent, row);
    }
  });

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
