// Says at once which files were chosen, and that reading goes on.
"use strict";

const form = document.getElementById("upload");
const chosen = document.getElementById("usage-chosen");

form?.elements.namedItem("usage").addEventListener("change", (event) => {
  const files = [...event.target.files];
  const megabytes = files.reduce((sum, file) => sum + file.size, 0) / 1e6;
  chosen.textContent = `${files.length} chosen, ${megabytes.toFixed(1)} MB`;
});
form?.addEventListener("submit", () => {
  document.getElementById("under-way").textContent = "Uploading and reading …";
});
