import { expect, test } from "vitest";
import { rest, restsFor } from "./resting.ts";

test("an upstream rests for the requested time, for that model only", () => {
	const upstream = { kind: "openai-compatible", baseUrl: "https://a.example/v1", model: "a" } as const;
	expect(restsFor(upstream, 0)).toBe(0);
	rest(upstream, 7, 1_000);
	expect(restsFor(upstream, 1_000)).toBe(7);
	expect(restsFor(upstream, 7_500)).toBe(1);
	expect(restsFor({ ...upstream, model: "b" }, 1_000)).toBe(0);
	expect(restsFor(upstream, 8_000)).toBe(0);
});
