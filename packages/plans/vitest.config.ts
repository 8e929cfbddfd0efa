import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		name: "plans",
		environment: "node",
		include: ["src/**/*.test.ts"],
		isolate: false,
		// The tests start servers and processes, on machines that are also busy otherwise.
		testTimeout: 60_000,
	},
});
