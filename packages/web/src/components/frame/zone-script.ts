import { dateForms } from "../../text/format.ts";
import { language } from "../../text/reader.ts";

/**
 * An inline script in the head. If the server did not know the reader's time zone, it rewrites each time as it arrives, before it is painted, and
 * stores the zone for the next page. So nothing changes on hydration, and no reader sees another zone's time. `data-zone` stays if the page was
 * written for another zone.
 */
export const zoneScript = () =>
	`(()=>{let d=document,r=d.documentElement,f=${JSON.stringify(dateForms(language()))},z=Intl.DateTimeFormat().resolvedOptions().timeZone,s=location.protocol=="https:",n=new Date().toDateString(),w=()=>{for(let e of d.querySelectorAll("time[data-form]")){if(e.z)continue;let t=new Date(e.dateTime),k=e.dataset.form;e.z=1;e.textContent=t.toLocaleString(r.lang,f[k=="moment"&&t.toDateString()==n?"time":k])}},o=new MutationObserver(w);if(!z)return;if(z==r.dataset.zone)return void delete r.dataset.zone;d.cookie=(s?"__Host-":"")+"parley.zone="+z+";path=/;max-age=31536000;samesite=lax"+(s?";secure":"");o.observe(d,{childList:!0,subtree:!0});addEventListener("DOMContentLoaded",()=>{w();o.disconnect()})})()`;
