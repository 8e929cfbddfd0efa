import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		name: "metering",
		include: ["src/**/*.test.ts", "proof/**/*.test.ts"],
		isolate: false,
		// Properties compute for seconds, on machines that do other things besides.
		testTimeout: 60_000,
	},
});
