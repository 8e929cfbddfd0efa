import { globSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";

// Tests every provider SDK client against a provider that sends headers and then stalls.

const KEYS = {
	BETTER_AUTH_SECRET: "a secret of the tests, long enough",
	GUEST_COOKIE_SECRET: "another secret of the tests; long enough,the one before it; long enough",
	FLOWGLAD_SECRET_KEY: "sk_test_flowglad",
	STRIPE_SECRET_KEY: "sk_test_stripe",
};
const LOAD_TIMEOUT_MS = 60_000;
const src = new URL("../../", import.meta.url).pathname;

async function configured(BILLING_PROVIDER: string): Promise<void> {
	vi.resetModules();
	vi.doMock("cloudflare:workers", () => ({ env: { ...KEYS, BILLING_PROVIDER } }));
}

const CLIENTS: [name: string, call: () => Promise<() => Promise<unknown>>][] = [
	[
		"the owner's Flowglad server",
		async () => {
			await configured("flowglad");
			const { flowglad } = await import("../flowglad.ts");
			return async () => flowglad("ada")?.getCustomer();
		},
	],
	[
		"Flowglad's admin client",
		async () => {
			await configured("flowglad");
			const { adminClient } = await import("./flowglad/client.ts");
			return () => adminClient(60_000).getCustomerBilling("ada");
		},
	],
	[
		"Flowglad's checkouts",
		async () => {
			await configured("flowglad");
			const { checkoutSessions } = await import("./flowglad/client.ts");
			return () => checkoutSessions().retrieve("cs_1");
		},
	],
	[
		"Flowglad's client of changes",
		async () => {
			await configured("flowglad");
			const { changingClient } = await import("./flowglad/client.ts");
			return () => changingClient(60_000).subscriptions.retrieve("sub_1");
		},
	],
	[
		"Stripe's client",
		async () => {
			await configured("stripe");
			const { stripe } = await import("./stripe/client.ts");
			return () => stripe(60_000, 0).customers.retrieve("cus_1");
		},
	],
];

describe("a provider that sends headers and then nothing", () => {
	afterEach(() => {
		vi.useRealTimers();
		vi.unstubAllGlobals();
	});

	test.each(CLIENTS)(
		"is abandoned by %s at the operation's deadline",
		async (_, load) => {
			const call = await load();
			const { within } = await import("./deadline.ts");
			const bodies: ReadableStream[] = [];
			const served = vi.fn(async () => {
				const body = new ReadableStream({ pull: () => new Promise(() => {}) });
				bodies.push(body);
				return new Response(body, { headers: { "content-type": "application/json" } });
			});
			vi.stubGlobal("fetch", served);
			vi.useFakeTimers();
			const outcome = within(1_000, call).then(
				() => "answered",
				(error: Error) => error.name,
			);
			await vi.advanceTimersByTimeAsync(999);
			expect(bodies[0]?.locked).toBe(true);
			await vi.advanceTimersByTimeAsync(1);
			expect(await outcome).toBe("DeadlineError");
			expect(served).toHaveBeenCalledOnce();
		},
		LOAD_TIMEOUT_MS,
	);
});

test("SDK clients are created only in these files, always with the fetch that has a deadline", () => {
	const files = globSync("**/*.{ts,tsx}", { cwd: src }).filter((file) => !file.includes(".test."));
	const makers = files.flatMap((file) => {
		const made = readFileSync(src + file, "utf8").match(/new (?:Flowglad\w*|Stripe)\([\s\S]*?\);/g) ?? [];
		return made.map((call) => ({ file, hasFetch: /clientOptions\(\)|providerFetch/.test(call) }));
	});
	expect(makers.filter(({ hasFetch }) => !hasFetch)).toEqual([]);
	expect([...new Set(makers.map(({ file }) => file))].sort()).toEqual(["lib/payments/flowglad/client.ts", "lib/payments/stripe/client.ts"]);
});
