/**
 * An inline script that runs before the first paint. It applies the reader's appearance choices (components/account/appearance.ts) to the document,
 * so that no page flashes in another theme or size, and follows other tabs. It also sets the theme color of a phone's browser bar: in an element
 * before the page's own, because a browser uses the first, and in another notation, because React would otherwise adopt the element.
 */
export const firstPaintScript = `(()=>{let d=document,r=d.documentElement,q=matchMedia("(prefers-color-scheme:dark)"),m=d.createElement("meta"),f=()=>{for(let k of["theme","text","enter"]){let v;try{v=localStorage.getItem("parley:"+k)}catch{}v?r.dataset[k]=v:delete r.dataset[k]}let t=r.dataset.theme;m.content=t=="dark"||t!="light"&&q.matches?"rgb(22,21,19)":"rgb(251,250,247)"};m.name="theme-color";d.head.prepend(m);f();q.onchange=f;addEventListener("storage",f)})()`;
