// Streamlit makes an entry in the browser's history for every parameter it writes, so that Back would undo one word of
// the address after another and never leave the page.  Here what changes within a page replaces its entry, and only
// another page makes one.  The address with "enter" is a step on the way to a page (tlviz/ui/frame.py), never a place.
(() => {
  const push = history.pushState.bind(history);
  const isPassing = (address) => address.searchParams.has("enter");

  // A page that is opened may write its parameters before its name; the page that is left keeps its own.
  let left = new URL(location.href);
  const note = () => (left = new URL(location.href));
  for (const doing of ["pointerdown", "click", "keydown"]) addEventListener(doing, note, { capture: true, passive: true });

  history.pushState = (state, title, url) => {
    const here = new URL(location.href);
    const there = new URL(url ?? here, here);
    if (here.pathname === there.pathname || isPassing(here) || isPassing(there)) {
      history.replaceState(state, title, url);
      return;
    }
    if (left.pathname === here.pathname && left.search !== here.search) history.replaceState(history.state, "", left);
    push(state, title, url);
  };
})();
