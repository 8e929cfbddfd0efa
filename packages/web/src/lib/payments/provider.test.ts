import { beforeAll, describe, expect, test, vi } from "vitest";
import type { BillingProvider } from "./port.ts";

// Tests each provider as configured. The modules are reloaded for each one, because the configuration is read once per isolate.

const KEYS = {
	BETTER_AUTH_SECRET: "a secret of the tests, long enough",
	GUEST_COOKIE_SECRET: "another secret of the tests; long enough,the one before it; long enough",
	FLOWGLAD_SECRET_KEY: "sk_test_flowglad",
	STRIPE_SECRET_KEY: "sk_test_stripe",
};
const LOAD_TIMEOUT_MS = 60_000;

type Chosen = typeof import("./provider.ts");

async function load(BILLING_PROVIDER: string): Promise<{ chosen: Chosen; provider: BillingProvider }> {
	vi.resetModules();
	vi.doMock("cloudflare:workers", () => ({ env: { ...KEYS, BILLING_PROVIDER } }));
	const chosen = await import("./provider.ts");
	return { chosen, provider: await chosen.billingProvider() };
}

describe.each([
	["flowglad", { sells: true, keepsCredits: true, hasBrowserSdk: true, topUpsOutlivePlan: false }],
	["stripe", { sells: true, keepsCredits: false, hasBrowserSdk: false, topUpsOutlivePlan: true }],
	["none", { sells: false, keepsCredits: false, hasBrowserSdk: false, topUpsOutlivePlan: false }],
])("%s", (name, capabilities) => {
	let chosen: Chosen;
	let provider: BillingProvider;
	beforeAll(async () => {
		({ chosen, provider } = await load(name));
	}, LOAD_TIMEOUT_MS);

	test("has the same capabilities before and after its SDK is loaded", () => {
		expect(chosen.capabilities()).toEqual(capabilities);
		expect(provider.capabilities).toEqual(capabilities);
	});

	test("has all three ports if it sells, and none otherwise", () => {
		const ports = [provider.usage, provider.shop, provider.account];
		expect(ports.map((port) => port !== null)).toEqual(Array(3).fill(capabilities.sells));
	});

	test.each(["usage", "shop", "account"] as const)("returns its %s port, or fails with 503", async (port) => {
		if (provider[port]) expect(await chosen.billingPort(port)).toBe(provider[port]);
		else await expect(chosen.billingPort(port)).rejects.toMatchObject({ code: "billing-not-configured" });
	});

	test("looks up reports only if it forgets them", () => {
		const forgets = name === "stripe" ? { forgetsReportsAfterMs: 86_400_000, unitsReported: expect.any(Function) } : null;
		expect(provider.usage?.deduplication ?? null).toEqual(forgets);
	});
});
