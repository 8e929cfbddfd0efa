import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { css } from "./style.ts";

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/** A complete page. Values in `html` templates are escaped. */
export function page({ title, wide = false, header, body }: { title: string; wide?: boolean; header?: Html; body: Html }): Html {
	return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Parley sandbox</title>
<link rel="icon" href="data:,">
<style>${raw(css)}</style>
</head>
<body>${header ?? ""}<main id="main" class="${wide ? "wide" : ""}">${body}</main></body>
</html>`;
}

/** The page for something that does not exist. */
export function notFoundPage(what: string): Html {
	return page({
		title: "Not found",
		body: html`<h1>${what} does not exist</h1><p>A reset may have removed it. <a href="/">Go to the sandbox</a></p>`,
	});
}

/** A table with an accessible name that scrolls horizontally on narrow screens. Without rows it is replaced by `empty`. */
export function table(name: string, columns: readonly (string | { number: string })[], rows: readonly Html[], empty: Html): Html {
	if (rows.length === 0) return empty;
	const heads = columns.map((column) =>
		typeof column === "string" ? html`<th scope="col">${column}</th>` : html`<th scope="col" class="number">${column.number}</th>`,
	);
	return html`<div class="scroll" role="region" aria-label="${name}" tabindex="0"><table><thead><tr>${heads}</tr></thead><tbody>${[...rows]}</tbody></table></div>`;
}

/** "$7.99" */
export function money(amountCents: number): string {
	return new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" }).format(amountCents / 100);
}

/** "2026-01-31 14:05 UTC" */
export function time(atMs: number | null | undefined): Html {
	if (typeof atMs !== "number") return html`–`;
	return html`<time datetime="${new Date(atMs).toISOString()}">${timeText(atMs)}</time>`;
}

/** "2026-01-31" */
export function day(atMs: number | null | undefined): Html {
	if (typeof atMs !== "number") return html`–`;
	const iso = new Date(atMs).toISOString();
	return html`<time datetime="${iso}">${iso.slice(0, 10)}</time>`;
}

/** The text of `time`, without markup. */
export function timeText(atMs: number): string {
	const iso = new Date(atMs).toISOString();
	return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** "past due" */
export function words(status: string): string {
	return status.replaceAll("_", " ");
}
