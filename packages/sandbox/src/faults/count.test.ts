import fc from "fast-check";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { emptyState } from "../state.ts";
import type { Env, World } from "../world.ts";
import { injectFaults } from "./inject.ts";
import { type ApiFault, faultsSchema } from "./schema.ts";

/** An API behind these faults that counts the calls it processes. */
function behind(api: ApiFault[]) {
	const state = emptyState();
	state.faults = { api };
	const world = { state, commit: async () => {} } as unknown as World;
	const worked: string[] = [];
	const app = new Hono<Env>().use(injectFaults(world, (status, headers) => new Response("failed", { status, headers }))).all("*", (c) => {
		worked.push(`${c.req.method} ${c.req.path}`);
		return c.json({ done: true });
	});
	return { state, worked, statusOf: async (method: string, path: string) => (await app.request(path, { method })).status };
}

const paths = ["/v1/customers", "/v1/customers/a", "/v1/prices"];
const somePath = fc.constantFrom(...paths, "/v1/*", "/v1/customers/:id", "/v1/customers/*");
const someFault = fc.record(
	{
		path: somePath,
		method: fc.constantFrom("GET", "POST"),
		status: fc.integer({ min: 400, max: 599 }),
		times: fc.integer({ min: 1, max: 3 }),
	},
	{ requiredKeys: ["path", "status"] },
);
const someCall = fc.record({ method: fc.constantFrom("GET", "POST"), path: fc.constantFrom(...paths) });

/** Whether a fault's path matches, by the rule in the README. */
const matches = (fault: string, path: string) => new RegExp(`^${fault.replace("/*", "(/.*)?").replace(":id", "[^/]+")}$`).test(path);

describe("api faults", () => {
	it("are used up one call at a time, the first match first, and then calls succeed", async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(someFault, { maxLength: 4 }), fc.array(someCall, { maxLength: 12 }), async (faults, calls) => {
				const { worked, statusOf } = behind(structuredClone(faults) as ApiFault[]);
				const left = faults.map((fault) => ({ ...fault, times: fault.times ?? Number.POSITIVE_INFINITY }));
				for (const { method, path } of calls) {
					const hit = left.find((one) => one.times > 0 && (one.method === undefined || one.method === method) && matches(one.path, path));
					const before = worked.length;
					expect(await statusOf(method, path)).toBe(hit?.status ?? 200);
					expect(worked.length - before).toBe(hit === undefined ? 1 : 0);
					if (hit !== undefined) hit.times -= 1;
				}
			}),
		);
	});

	it("affect exactly `times` of several concurrent calls", async () => {
		const { state, statusOf } = behind([{ path: "/v1/*", status: 503, times: 3, delayMs: 1 }]);
		const statuses = await Promise.all(Array.from({ length: 8 }, () => statusOf("POST", "/v1/customers")));
		expect(statuses.filter((status) => status === 503)).toHaveLength(3);
		expect(state.faults.api).toEqual([]);
	});

	it("do not affect a longer or shorter path, or one in another case", async () => {
		const { statusOf } = behind([{ path: "/v1/customers/:id", status: 500 }]);
		for (const path of ["/v1/customers", "/v1/customers/a/b", "/V1/customers/a", "/v1/prices/a"])
			expect(await statusOf("GET", path)).toBe(200);
		expect(await statusOf("GET", "/v1/customers/a")).toBe(500);
	});
});

describe("the body of POST /__sandbox/faults", () => {
	it.each<[string, unknown]>([
		["a path that does not start at the root", { api: [{ path: "v1/customers", status: 500 }] }],
		["a status that is no error", { api: [{ path: "/v1/*", status: 200 }] }],
		["a count of none", { api: [{ path: "/v1/*", status: 500, times: 0 }] }],
		["a negative wait", { api: [{ path: "/v1/*", delayMs: -1 }] }],
		["a rate of nothing", { api: [{ path: "/v1/*", bodyBytesPerSecond: 0 }] }],
		["a misspelled field", { api: [{ path: "/v1/*", statsu: 500 }] }],
		["a model's unknown reason", { model: { finishReason: "tired" } }],
		["bytes that are no base64", { model: { wires: { m: { parts: [{ base64: "%%" }] } } } }],
		["a webhook fault that does not exist", { webhooks: { lose: true } }],
	])("refuses %s", (_, body) => {
		expect(faultsSchema.safeParse(body).success).toBe(false);
	});

	it("accepts a method in upper or lower case", () => {
		expect(faultsSchema.parse({ api: [{ path: "/v1/*", method: "post" }] }).api).toMatchObject([{ method: "POST" }]);
	});
});
