"use strict";
// Sorting and filtering. Without it the page is complete, in the order of what needs action first.
const table = document.querySelector("section > table");
const body = table.tBodies[0];
const rows = Array.from(body.rows);
const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
const controls = document.querySelector(".controls");
const words = document.getElementById("words");
const boxes = Array.from(controls.querySelectorAll("input[type=checkbox]"));

function filter() {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  let shown = 0;
  for (const row of rows) {
    const text = texts.get(row);
    row.hidden = !groups.has(row.className) || !wanted.every((word) => text.includes(word));
    shown += row.hidden ? 0 : 1;
  }
  document.getElementById("shown").textContent = `${shown} of ${rows.length}`;
}

function key(row, column) {
  const cell = row.cells[column];
  return cell.dataset.key ?? cell.textContent.trim();
}

function sort(column, heading) {
  const descending = heading.getAttribute("aria-sort") === "ascending";
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  rows.sort((a, b) => (descending ? -1 : 1) * compare(key(a, column), key(b, column)));
  body.append(...rows);
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
}

Array.from(table.tHead.rows[0].cells).forEach((heading, column) => {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = heading.textContent;
  button.addEventListener("click", () => sort(column, heading));
  heading.replaceChildren(button);
});
controls.addEventListener("input", filter);
controls.addEventListener("submit", (event) => event.preventDefault());
controls.hidden = false;
filter();

// On paper, everything is open.
let opened = [];
addEventListener("beforeprint", () => {
  opened = Array.from(document.querySelectorAll("details:not([open])"));
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});
// A link leads to a row that the filter hides: show it.
addEventListener("hashchange", () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target && target.hidden) target.hidden = false;
  if (target && target.tagName === "DETAILS") target.open = true;
});
