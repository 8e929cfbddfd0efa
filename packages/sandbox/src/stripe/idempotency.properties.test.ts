import fc from "fast-check";
import { expect, it } from "vitest";
import { createSandbox } from "../sandbox.ts";

/** Stripe's API as a Hono app, called without a server. */
function anApi() {
	let nowMs = 1_800_000_000_000;
	const { app, world } = createSandbox({ secretKey: "unused", now: () => nowMs });
	const create = async (key: string | null, name: string, path = "/v1/customers") => {
		const response = await app.request(`http://localhost${path}`, {
			method: "POST",
			headers: {
				authorization: "Bearer sk_test_sandbox",
				"content-type": "application/x-www-form-urlencoded",
				...(key === null ? {} : { "idempotency-key": key }),
			},
			body: new URLSearchParams(name === "" ? { colour: "red" } : { name }),
		});
		return { status: response.status, text: await response.text(), headers: response.headers };
	};
	const wait = (hours: number) => {
		nowMs += hours * 60 * 60 * 1000;
	};
	return { world, create, wait };
}

const someCall = fc.record({
	key: fc.option(fc.constantFrom("a", "b", "c")),
	/** Empty: the parameters are invalid at Stripe. */
	name: fc.constantFrom("Ada", "Bob", ""),
	hoursBefore: fc.constantFrom(0, 0, 0, 5, 23, 24),
});

it("creates one record per key in a day: the first valid request wins, and repeats get its answer byte for byte", async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(someCall, { maxLength: 12 }), async (calls) => {
			const { world, create, wait } = anApi();
			let atHours = 0;
			let made = 0;
			const known = new Map<string, { name: string; text: string; atHours: number }>();
			for (const { key, name, hoursBefore } of calls) {
				wait(hoursBefore);
				atHours += hoursBefore;
				const earlier = key === null ? undefined : known.get(key);
				const before = earlier !== undefined && atHours - earlier.atHours < 24 ? earlier : undefined;
				const answer = await create(key, name);
				const isReplayed = answer.headers.get("idempotent-replayed") === "true";
				if (before === undefined) {
					expect([answer.status, isReplayed]).toEqual([name === "" ? 400 : 200, false]);
					if (name === "") continue;
					made += 1;
					if (key !== null) known.set(key, { name, text: answer.text, atHours });
				} else if (before.name === name) expect([answer.status, isReplayed, answer.text]).toEqual([200, true, before.text]);
				else {
					expect([answer.status, isReplayed]).toEqual([400, false]);
					expect(JSON.parse(answer.text).error.type).toBe("idempotency_error");
				}
				expect(world.state.stripe.customers).toHaveLength(made);
			}
		}),
		{ numRuns: 60 },
	);
});

it("creates one record for concurrent requests with the same key, and refuses the others while the first runs", async () => {
	const { world, create } = anApi();
	world.state.faults = { api: [{ path: "/v1/customers", delayMs: 1 }] };
	const answers = await Promise.all(Array.from({ length: 5 }, () => create("a", "Ada")));
	expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409]);
	expect(world.state.stripe.customers).toHaveLength(1);
});

it("stores no answer for an injected failure, so that a retry does the work", async () => {
	const { world, create } = anApi();
	world.state.faults = { api: [{ path: "/v1/customers", status: 500, times: 1 }] };
	expect([(await create("a", "Ada")).status, world.state.stripe.customers.length]).toEqual([500, 0]);
	expect([(await create("a", "Ada")).status, world.state.stripe.customers.length]).toEqual([200, 1]);
});

it("refuses a key longer than 255 characters, and distinguishes keys that differ only in the last character", async () => {
	const { world, create } = anApi();
	expect((await create("k".repeat(256), "Ada")).status).toBe(400);
	for (const last of ["x", "y"]) expect((await create(`${"k".repeat(254)}${last}`, "Ada")).status).toBe(200);
	expect(world.state.stripe.customers).toHaveLength(2);
});
