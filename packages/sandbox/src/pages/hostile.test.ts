/** All pages, with an attacker's text in every field that an app can set. */
import { describe, expect, it } from "vitest";
import { runSandbox } from "../testing/harness.ts";

const attack = `"><script>alert(1)</script><img src=x onerror=alert(1)>'`;

/** A sandbox of which all customers, plans, cards, invoices and mails, at both providers, are named with the attack text. */
async function hostileSandbox() {
	const sandbox = await runSandbox({ settings: { domainErrorsAre500: false } });
	const { send, state } = sandbox;
	await send("POST", "/api/v1/customers", { customer: { externalId: `user${attack}`, name: attack, email: `${attack}@example.com` } });
	const target = { customerExternalId: `user${attack}`, successUrl: "http://localhost:3000/", cancelUrl: "http://localhost:3000/" };
	const checkout = async (more: object) =>
		(await (await send("POST", "/api/v1/checkout-sessions", { checkoutSession: { ...target, ...more } })).json()) as {
			checkoutSession: { id: string };
			url: string;
		};
	const plan = { type: "product", priceSlug: "pro_monthly", outputName: attack, outputMetadata: { a: attack } };
	await sandbox.submit((await checkout(plan)).url, "pay", { card: "4242" });
	const open = await checkout({ ...plan, priceSlug: "top_up_1000" });

	const stripe = async (path: string, fields: Record<string, string>) =>
		(await (
			await fetch(`${sandbox.url}/v1/${path}`, {
				method: "POST",
				headers: { authorization: "Bearer sk_test_sandbox" },
				body: new URLSearchParams(fields),
			})
		).json()) as { id: string; url?: string };
	await stripe("products/prod_pro", { name: attack, description: attack });
	const ada = await stripe("customers", { name: attack, email: `${attack}@example.com`, "metadata[a]": attack });
	const session = { mode: "subscription", customer: ada.id, "line_items[0][price]": "price_pro_monthly", "line_items[0][quantity]": "1" };
	const urls = { success_url: "http://localhost:3000/", cancel_url: "http://localhost:3000/" };
	const bought = await stripe("checkout/sessions", { ...session, ...urls });
	await sandbox.submit(bought.url ?? "", "pay", { card: "4242" });
	const openSession = await stripe("checkout/sessions", { ...session, ...urls });
	const portal = await stripe("billing_portal/sessions", { customer: ada.id, return_url: "http://localhost:3000/" });

	const mail = (await (
		await send("POST", "/__sandbox/mail", {
			from: attack,
			to: attack,
			subject: attack,
			text: `${attack} http://localhost/?a=${attack}`,
			html: attack,
		})
	).json()) as { id: string };
	await sandbox.faults({ api: [{ path: `/${attack}`, status: 500, headers: { a: attack } }] });
	const { customers, invoices, stripe: records } = await state();
	const customer = customers[0]?.id;
	const invoice = invoices[0]?.invoice.id;
	const query = new URLSearchParams({ refused: attack, declined: attack, done: attack, notice: attack, error: attack });
	const pages = [
		...["/", `/customers/${customer}`, "/scenarios", "/webhooks", "/faults", "/oddities", "/mailbox", `/mailbox/${mail.id}`],
		...[`/checkout/${open.checkoutSession.id}`, `/billing-portal/${customer}`, `/invoices/${invoice}`, `/invoices/${invoice}/receipt`],
		...["/stripe", `/stripe/checkout/${openSession.id}`, `/stripe/checkout/${bought.id}`, `/stripe/portal/${portal.id}`],
		...[`/stripe/invoices/${records.invoices[0]?.id}`, `/stripe/receipts/${records.charges[0]?.id}`],
		...["/github/login/oauth/authorize", "/google/o/oauth2/v2/auth"].map(
			(path) => `${path}?client_id=oauth_client_sandbox&state=${encodeURIComponent(attack)}`,
		),
	];
	return { sandbox, pages: pages.map((path) => `${path}${path.includes("?") ? "&" : "?"}${query}`) };
}

describe("text from outside", () => {
	it("is rendered as text on every page, never as a tag, an attribute or a URL", async () => {
		const { sandbox, pages } = await hostileSandbox();
		let shown = 0;
		for (const path of pages) {
			const response = await fetch(`${sandbox.url}${path}`);
			const page = await response.text();
			expect([path.split("?")[0], response.status]).toEqual([path.split("?")[0], 200]);
			expect(response.headers.get("content-type")).toMatch(/^text\/html/);
			for (const part of ["<script>alert", "<img src=x"])
				expect([path.split("?")[0], page.includes(part)]).toEqual([path.split("?")[0], false]);
			expect(page).not.toMatch(/(?:href|src|action)="(?!https?:|\/|data:,|#|\?)[^"]/);
			// This remains if a quote in the text ended an attribute.
			expect(page).not.toContain('""><');
			if (page.includes("&lt;script&gt;alert")) shown += 1;
		}
		// The pages do show the attack text, so the check above is not vacuous.
		expect(shown).toBeGreaterThanOrEqual(14);
	});

	it("is read without side effects: a GET of every page changes no record", async () => {
		const { sandbox, pages } = await hostileSandbox();
		await sandbox.send("POST", "/__sandbox/clock", { frozen: true });
		const before = structuredClone(sandbox.world.state);
		for (const path of pages) await (await fetch(`${sandbox.url}${path}`)).text();
		expect(sandbox.world.state).toEqual(before);
	});
});

describe("the address of a missing record", () => {
	const nothing = [
		...["/checkout/x", "/billing-portal/x", "/invoices/x", "/invoices/x/receipt", "/customers/x", "/mailbox/x"],
		...["/stripe/checkout/x", "/stripe/portal/x", "/stripe/invoices/x", "/stripe/receipts/x"],
	];

	it.each(nothing)("%s is a not-found page that does not repeat the id", async (path) => {
		const { url } = await runSandbox();
		for (const address of [path, path.replace("/x", `/${encodeURIComponent(attack)}`)]) {
			const response = await fetch(`${url}${address}`);
			const page = await response.text();
			expect([response.status, page.includes("does not exist"), page.includes("alert(1)")]).toEqual([404, true, false]);
		}
	});

	it.each(["/checkout/x", "/billing-portal/x", "/stripe/checkout/x", "/stripe/portal/x", "/stripe/invoices/x"])(
		"%s accepts no form",
		async (path) => {
			const { url, submit, world } = await runSandbox();
			// The first request fills the catalogue.
			await fetch(url);
			const before = structuredClone(world.state);
			expect((await submit(`${url}${path}`, "pay")).status).toBe(404);
			expect(world.state).toEqual(before);
		},
	);
});

it("a form with an unknown button is refused and changes nothing", async () => {
	const { sandbox, pages } = await hostileSandbox();
	await sandbox.send("POST", "/__sandbox/clock", { frozen: true });
	const forms = pages
		.map((path) => path.split("?")[0] ?? "")
		.filter((path) => /^\/(?:stripe\/)?(?:checkout|portal|billing-portal)\//.test(path));
	expect(forms).toHaveLength(5);
	const before = structuredClone(sandbox.world.state);
	for (const path of forms) {
		const response = await sandbox.submit(`${sandbox.url}${path}`, attack);
		const isRefused = response.status === 400 || response.status === 404 || (response.headers.get("location") ?? "").includes("refused=");
		expect([path, isRefused]).toEqual([path, true]);
	}
	expect(sandbox.world.state).toEqual(before);
});
