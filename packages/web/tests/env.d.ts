declare namespace Cloudflare {
	/** What vitest.config.ts binds beside wrangler.toml's. */
	interface Env {
		TEST_MIGRATIONS: import("@cloudflare/vitest-plugin").D1Migration[];
		SANDBOX_URL: string;
		BILLING_PROVIDER: string;
	}
}
