declare namespace Cloudflare {
	/** Bindings that vitest.config.ts adds to those in wrangler.toml. */
	interface Env {
		TEST_MIGRATIONS: import("@cloudflare/vitest-plugin").D1Migration[];
		SANDBOX_URL: string;
		BILLING_PROVIDER: string;
		TURNSTILE_VERIFY_URL: string;
	}
}
