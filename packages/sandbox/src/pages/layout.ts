import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/** Hairlines and white space; the one accent marks the one thing to do next. */
const css = `
:root { color-scheme: light dark; --paper: #fbfaf7; --ink: #1f1e1b; --soft: #605d55; --line: #dedad0; --accent: #1f5f4a; --on-accent: #ffffff; --alert: #9b2c1f; }
@media (prefers-color-scheme: dark) { :root { --paper: #191a1a; --ink: #e9e6df; --soft: #a8a49a; --line: #37383a; --accent: #8fd0b5; --on-accent: #10201a; --alert: #f0a195; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.6 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 68ch; margin: 0 auto; padding: 48px 20px 96px; }
main.wide { max-width: 110ch; }
h1 { font-size: 28px; line-height: 1.25; font-weight: 600; margin: 0 0 8px; }
h2 { font-size: 18px; font-weight: 600; margin: 40px 0 8px; }
p { margin: 8px 0; }
a { color: inherit; text-underline-offset: 3px; }
a:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.soft { color: var(--soft); }
.alert { color: var(--alert); font-weight: 600; }
.number, td, time, dd { font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 15px; }
th { text-align: left; font-weight: 500; color: var(--soft); }
th, td { padding: 8px 16px 8px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; padding-right: 0; }
td { overflow-wrap: normal; }
code { font: 13px/1.5 ui-monospace, monospace; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 8px 24px; margin: 24px 0; padding: 16px 0; border: solid var(--line); border-width: 1px 0; }
dt { color: var(--soft); }
dd { margin: 0; }
.actions { display: flex; flex-wrap: wrap; gap: 12px; margin: 24px 0; }
button { font: inherit; min-height: 44px; padding: 8px 20px; border: 1px solid var(--soft); border-radius: 6px; background: transparent; color: inherit; cursor: pointer; }
button.next { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
pre { font: inherit; white-space: pre-wrap; border-top: 1px solid var(--line); padding-top: 24px; margin: 24px 0; }
`;

/** A whole page; everything put into `html` templates is escaped. */
export function page({ title, wide = false, body }: { title: string; wide?: boolean; body: Html }): Html {
	return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Parley sandbox</title>
<link rel="icon" href="data:,">
<style>${raw(css)}</style>
</head>
<body><main class="${wide ? "wide" : ""}">${body}</main></body>
</html>`;
}

/** A page about something that is not there. */
export function notFoundPage(what: string): Html {
	return page({
		title: "Not found",
		body: html`<h1>${what} is not here</h1><p>A reset may have taken it away. <a href="/">Go to the sandbox</a></p>`,
	});
}

/** "$7.99" */
export function money(amountCents: number): string {
	return new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" }).format(amountCents / 100);
}

/** "2026-01-31 14:05 UTC", which is what the API's dates are in. */
export function time(atMs: number | null | undefined): Html {
	if (typeof atMs !== "number") return html`–`;
	const iso = new Date(atMs).toISOString();
	return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC</time>`;
}
