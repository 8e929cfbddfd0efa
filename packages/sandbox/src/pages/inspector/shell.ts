/** The frame of all inspector pages: navigation, clock, and the result of the last form. */
import { type Context, Hono } from "hono";
import { html, raw } from "hono/html";
import { Refusal } from "../../billing/refusal.ts";
import { nextDue } from "../../clock/apply-due.ts";
import { notifyApp } from "../../clock/clock.ts";
import type { Env, World } from "../../world.ts";
import { type Html, page, time, timeText } from "../layout.ts";

const places = [
	["/", "Customers"],
	["/scenarios", "Scenarios"],
	["/webhooks", "Webhooks"],
	["/stripe", "Stripe"],
	["/faults", "Faults"],
	["/oddities", "Oddities"],
	["/mailbox", "Mailbox"],
] as const;

/** A page in that frame. */
export function inspectorPage(world: World, c: Context<Env>, { title, body }: { title: string; body: Html }): Html {
	const said = c.req.query("said");
	const refused = c.req.query("refused");
	return page({
		title,
		wide: true,
		header: html`<a class="skip" href="#main">Skip to the content</a>
<header>
<div class="bar"><div><strong>Sandbox</strong><nav aria-label="Sandbox">${places.map(
			([path, name]) =>
				html`<a href="${path}"${raw(isHere(c.req.path, path) ? ' aria-current="page"' : "")}>${name}${path === "/mailbox" ? ` (${world.state.mailbox.length})` : ""}</a>`,
		)}</nav><a class="away" href="${world.appUrl}">The app</a></div></div>
${clockBar(world, c.req.path)}
</header>`,
		body: html`${said ? html`<p class="said" role="status">${said}</p>` : ""}${refused ? html`<p class="said bad" role="alert">${refused}</p>` : ""}
${body}${raw(`<script>${follow}</script>`)}`,
	});
}

function isHere(path: string, place: string): boolean {
	return place === "/" ? path === "/" || path.startsWith("/customers") : path.startsWith(place);
}

function clockBar(world: World, path: string): Html {
	const { state } = world;
	const next = nextDue(state);
	const isMoved = state.frozenAtMs !== null || state.clockOffsetMs !== 0;
	const button = (to: string, label: string) => html`<button class="small" name="to" value="${to}">${label}</button>`;
	return html`<div class="bar clock"><div>
<span>It is ${time(world.nowMs())}${state.frozenAtMs === null ? "" : ", frozen"}</span>
<form method="post" action="/clock" aria-label="Clock"><input type="hidden" name="back" value="${path}">
${button("hour", "+1 hour")}${button("tomorrow", "Tomorrow")}${button("week", "+1 week")}${button("month", "+1 month")}
${next === undefined ? "" : html`<button class="small" name="to" value="next">Next: ${next.what}, ${timeText(next.atMs)}</button>`}
${state.frozenAtMs === null ? button("freeze", "Freeze") : button("thaw", "Go on")}${isMoved ? button("today", "Back to the real time") : ""}
</form></div></div>`;
}

/** Refreshes the page every three seconds, unless the user is interacting with it. */
const follow = `
setInterval(async () => {
	const main = document.querySelector("main"), clock = document.querySelector(".clock");
	if (document.hidden || main.contains(document.activeElement) || document.querySelector("details[open]") || document.querySelector(".clock :focus")) return;
	if (main.querySelector("fieldset") || [...main.querySelectorAll("select")].some((one) => one.selectedIndex > 0)) return;
	try {
		const fresh = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), "text/html");
		const said = main.querySelector(".said");
		for (const [old, selector] of [[main, "main"], [clock, ".clock"]]) {
			const next = fresh.querySelector(selector);
			if (selector === "main" && said) next.prepend(said.cloneNode(true));
			if (next.textContent !== old.textContent) old.replaceChildren(...next.childNodes);
		}
	} catch { /* the sandbox is restarting */ }
}, 3000);
`;

/** Redirects to the page of the form, with a message about the result. */
export function answerForm(c: Context<Env>, back: unknown, said: string, kind: "said" | "refused" = "said"): Response {
	const path = typeof back === "string" && /^\/(?![/\\])/.test(back) ? back : "/";
	return c.redirect(`${path.split("?", 1)[0]}?${new URLSearchParams({ [kind]: said })}`, 303);
}

/** Routes for forms. A refusal is shown on the page of the form. */
export function formRoutes(): Hono<Env> {
	const routes = new Hono<Env>();
	routes.onError(async (error, c) => {
		if (!(error instanceof Refusal)) throw error;
		const { back } = await c.req.parseBody().catch(() => ({ back: undefined }));
		return answerForm(c, back, error.message, "refused");
	});
	return routes;
}

/** A sentence about whether the app received the clock move. */
export async function followedBy(world: World): Promise<string> {
	const status = await notifyApp(world);
	if (status === null) return world.appClockUrl === null ? "" : " The app did not answer. It reads the clock when it starts.";
	return status < 300 ? " The app was updated." : ` The app answered ${status}: it does not follow this clock.`;
}
