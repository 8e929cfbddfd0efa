/**
 * An inline script that runs before the first paint: it puts the reader's choices of appearance (components/account/appearance.ts) on the document, so that
 * no page flashes in another theme or size. It follows other tabs, and the bar of a phone's browser follows the theme. Its `theme-color` stands before those
 * of the page, of which a browser takes the first; the color is written in another way, or React would take the element for one of its own.
 */
export const firstPaintScript = `(()=>{let d=document,r=d.documentElement,q=matchMedia("(prefers-color-scheme:dark)"),m=d.createElement("meta"),f=()=>{for(let k of["theme","text","enter"]){let v;try{v=localStorage.getItem("parley:"+k)}catch{}v?r.dataset[k]=v:delete r.dataset[k]}let t=r.dataset.theme;m.content=t=="dark"||t!="light"&&q.matches?"rgb(22,21,19)":"rgb(251,250,247)"};m.name="theme-color";d.head.prepend(m);f();q.onchange=f;addEventListener("storage",f)})()`;
