// Streamlit draws a menu in groups as a list whose items lie in divs, which no list may hold: screen readers are told of
// a list that has none.  Its links stand in a navigation of their own, so the lists are taken for what they look like.
(() => {
  const menu = '[data-testid="stSidebarNavItems"]';
  let isAsked = false;
  const mend = () => {
    isAsked = false;
    for (const one of document.querySelectorAll(`${menu}:not([role]), ${menu} li:not([role])`)) one.setAttribute("role", "none");
  };
  new MutationObserver(() => {
    if (!isAsked) requestAnimationFrame(mend);
    isAsked = true;
  }).observe(document, { childList: true, subtree: true });
})();
