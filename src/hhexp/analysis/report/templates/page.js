// Draws the charts anew, so that they answer the mouse; sorts and filters the tables.
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
const views = [...document.querySelectorAll(".chart")].map(async (place) => {
  const spec = JSON.parse(place.nextElementSibling.textContent);
  const still = place.innerHTML;
  try {
    const options = { actions: false, renderer: "svg", tooltip: { theme: dark ? "dark" : "light" } };
    const { view } = await vegaEmbed(place, spec, options);
    await view.signal("live", true).runAsync();
    return view;
  } catch (error) {
    place.innerHTML = still; // as it is without a script
    console.error(error);
  }
});
const tell = (name, value) =>
  Promise.all(views).then((all) => all.forEach((view) => view?.signal(name, value).runAsync()));

document.querySelectorAll(".controls").forEach((controls) => {
  const [seed, epoch] = [controls.querySelector("select"), controls.querySelector("input")];
  const shown = controls.querySelector("output");
  seed?.addEventListener("change", () => tell("chosen", seed.value === "" ? null : +seed.value));
  epoch?.addEventListener("input", () => {
    const last = epoch.value === epoch.max;
    shown.textContent = last ? "last" : epoch.value;
    tell("at", last ? 0 : +epoch.value);
  });
  controls.hidden = false;
});

const read = (cell) => {
  const text = cell?.textContent.trim().replaceAll("\u2212", "-").replaceAll(",", "") ?? "";
  return text.startsWith("< ") ? 0 : parseFloat(text);
};
document.querySelectorAll(".scroll").forEach((scroll) => {
  const body = scroll.querySelector("tbody");
  const rows = [...body.rows];
  scroll.querySelectorAll("thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const falls = head.ariaSort === "descending";
      scroll.querySelectorAll("thead th").forEach((other) => (other.ariaSort = null));
      head.ariaSort = falls ? "ascending" : "descending";
      const compare = (one, other) => {
        const [a, b] = [one, other].map((row) => read(row.cells[column]));
        if (isNaN(a) || isNaN(b)) {
          const texts = [one, other].map((row) => row.cells[column].textContent);
          return isNaN(a) - isNaN(b) || texts[0].localeCompare(texts[1]);
        }
        return falls ? a - b : b - a;
      };
      body.append(...rows.toSorted(compare));
      body.classList.add("sorted"); // each row names its cell now
    });
  });
  if (rows.length < 6) return;
  const search = document.createElement("input");
  Object.assign(search, { type: "search", placeholder: "filter the rows", ariaLabel: "filter the rows" });
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/);
    rows.forEach((row) => {
      row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
    });
    body.classList.add("sorted");
  });
  scroll.before(search);
});
