import { Hono } from "hono";
import { html } from "hono/html";
import type { Mail } from "../mailbox/mailbox.ts";
import type { Env, World } from "../world.ts";
import { inspectorPage } from "./inspector/shell.ts";
import { type Html, notFoundPage, time } from "./layout.ts";

/** The mailbox pages: the mail that the app sent, newest first. */
export function mailboxPages(world: World) {
	return new Hono<Env>()
		.get("/", (c) => c.html(inspectorPage(world, c, { title: "Mailbox", body: mailboxBody(world.state.mailbox) })))
		.get("/:id", (c) => {
			const mail = world.state.mailbox.find(({ id }) => id === c.req.param("id"));
			if (mail === undefined) return c.html(notFoundPage("This mail"), 404);
			return c.html(inspectorPage(world, c, { title: mail.subject, body: mailBody(mail) }));
		});
}

function mailboxBody(mailbox: Mail[]): Html {
	return html`
<h1>Mailbox</h1>
${
	mailbox.length === 0
		? html`<p>No mail yet. What the app sends, such as a link to verify an address, arrives here.</p>`
		: mailbox.toReversed().map(
				(mail) => html`<article>
<h2><a href="/mailbox/${mail.id}">${mail.subject || "(no subject)"}</a></h2>
<p class="soft">To ${mail.to}, ${time(mail.atMs)}</p>
<p>${withLinks(mail.text)}</p>
</article>`,
			)
}`;
}

function mailBody(mail: Mail): Html {
	return html`
<p class="soft"><a href="/mailbox">Mailbox</a></p>
<h1>${mail.subject || "(no subject)"}</h1>
<p class="soft">To ${mail.to}, ${time(mail.atMs)}</p>
${
	mail.html === undefined
		? ""
		: html`<h2>HTML</h2><iframe title="The mail as HTML" sandbox="allow-popups allow-top-navigation-by-user-activation" class="mail" srcdoc="${inFrame(mail.html)}"></iframe>
<h2>Text</h2>`
}
<pre>${withLinks(mail.text)}</pre>`;
}

/** Makes the mail's links open in the whole page, not in its frame. */
const inFrame = (mail: string) => mail.replace("<head>", '<head><base target="_top">');

/** The text with clickable http(s) links. Punctuation after a link is not part of it. */
function withLinks(text: string): Html[] {
	return text
		.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])/)
		.map((part, index) => (index % 2 === 1 ? html`<a href="${part}" rel="noreferrer">${part}</a>` : html`${part}`));
}
