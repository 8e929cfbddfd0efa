import { expect, it } from "vitest";
import { runSandbox, withPro } from "../testing/harness.ts";

const lists = [
	"customers",
	"subscriptions",
	"checkout-sessions",
	"payment-methods",
	"invoices",
	"invoice-line-items",
	"payments",
	"usage-events",
	"pricing-models",
	"products",
	"prices",
	"usage-meters",
];

it.each(lists)("lists %s", async (name) => {
	const { sandbox, use } = await withPro();
	await use("req_1", 1503);
	await sandbox.advance(32 * 24 * 60 * 60 * 1000);
	const response = await sandbox.send("GET", `/api/v1/${name}?limit=100`);
	const page = (await response.json()) as { data: unknown[]; total: number };
	expect(page).toMatchObject({ hasMore: false, total: page.data.length });
	expect(page.total).toBeGreaterThan(0);
	expect(sandbox.validated).toContain(`GET /api/v1/${name} 200`);
});

it.each([
	"payment-methods",
	"invoices",
	"invoice-line-items",
	"payments",
	"usage-events",
	"products",
	"prices",
	"usage-meters",
	"checkout-sessions",
	"subscriptions",
])("retrieves %s by id, and returns 404 for an unknown id", async (name) => {
	const { sandbox, use } = await withPro();
	await use("req_1", 1);
	const { data } = (await (await sandbox.send("GET", `/api/v1/${name}`)).json()) as { data: { id: string }[] };
	for (const { id } of data) {
		const response = await sandbox.send("GET", `/api/v1/${name}/${id}`);
		expect(response.status).toBe(200);
		expect(JSON.stringify(await response.json())).toContain(id);
	}
	const missing = await sandbox.send("GET", `/api/v1/${name}/none`);
	expect(missing.status).toBe(404);
	expect(await missing.json()).toMatchObject({ code: "NOT_FOUND" });
});

it("retrieves a purchase by id", async () => {
	const { sandbox } = await withPro();
	const { purchases } = await sandbox.state();
	const response = await sandbox.send("GET", `/api/v1/purchases/${purchases[0]?.id}`);
	expect(await response.json()).toEqual({ purchase: purchases[0] });
	expect((await sandbox.send("GET", "/api/v1/purchases/none")).status).toBe(404);
});

it("lists pages of ten or `limit` records, and new records do not shift them", async () => {
	const { admin, node, send } = await runSandbox();
	const create = (index: number) =>
		admin.createCustomer({ customer: { externalId: `user_${index}`, name: "Ada", email: "a@example.com" } });
	for (let index = 1; index <= 12; index++) await create(index);
	const first = await node.customers.list();
	expect(first).toMatchObject({ hasMore: true, total: 12 });
	expect(first.data).toHaveLength(10);
	await create(13);
	const second = await node.customers.list({ cursor: first.nextCursor ?? "", limit: "2" });
	expect(second.data.map(({ externalId }) => externalId)).toEqual(["user_11", "user_12"]);
	expect(second).toMatchObject({ hasMore: true, currentCursor: first.nextCursor });
	for (const limit of ["0", "101", "x"]) expect((await send("GET", `/api/v1/customers?limit=${limit}`)).status).toBe(400);
});

it("links every invoice to its page, and a paid one to its receipt", async () => {
	const { sandbox, flowglad } = await withPro({ now: () => Date.UTC(2026, 0, 1) });
	await sandbox.faults({ declineRenewals: true });
	await sandbox.advance(31 * 24 * 60 * 60 * 1000);
	const { invoices } = await flowglad.getBilling();
	expect(invoices.map(({ invoice }) => invoice.status)).toEqual(["paid", "open"]);
	const [paid, open] = invoices.map(({ invoice }) => invoice);
	expect((await fetch(paid?.pdfURL ?? "")).status).toBe(200);
	expect((await fetch(paid?.receiptPdfURL ?? "")).status).toBe(200);
	expect((await fetch(open?.pdfURL ?? "")).status).toBe(200);
	expect(open?.receiptPdfURL).toBeNull();
	expect((await fetch(`${open?.pdfURL}/receipt`)).status).toBe(404);
});

it("adds a free invoice line for usage beyond the credits", async () => {
	const { sandbox, flowglad, use } = await withPro({ now: () => Date.UTC(2026, 0, 1) });
	await use("req_1", 1503);
	await sandbox.advance(31 * 24 * 60 * 60 * 1000);
	const { invoices } = await flowglad.getBilling();
	expect(invoices.at(-1)).toMatchObject({
		invoice: { subtotal: 799 },
		invoiceLineItems: [
			{ type: "static", price: 799 },
			{ type: "usage", quantity: 503, price: 0 },
		],
	});
});

it("lists no resources and refuses resource claims", async () => {
	const { sandbox, flowglad, id } = await withPro();
	expect(await flowglad.getResourceUsages({ subscriptionId: id })).toEqual({ resources: [] });
	await expect(flowglad.claimResource({ subscriptionId: id, resourceSlug: "seats", quantity: 1 })).rejects.toMatchObject({ status: 404 });
	const claims = await sandbox.send("GET", `/api/v1/resource-claims/${id}/claims`);
	expect(await claims.json()).toEqual({ claims: [] });
	expect((await sandbox.send("GET", "/api/v1/resource-claims/sub_x/usages")).status).toBe(404);
});
