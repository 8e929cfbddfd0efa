import type { Endpoint } from "./endpoints.ts";

const HUGE = 1_200_000;

/** Values that replace a field's own value. */
const ODD: readonly unknown[] = [
	...[
		null,
		true,
		false,
		0,
		-1,
		1.5,
		1e308,
		-0,
		Number.MAX_SAFE_INTEGER,
		2 ** 53,
		"",
		" ",
		"\u0000",
		"\ud800",
		"\u202eabc",
		"𝒳".repeat(300),
	],
	...[
		"x".repeat(70_000),
		"__proto__",
		"constructor",
		"../../etc/passwd",
		"a b",
		"user:u1",
		"%00",
		"null",
		"NaN",
		"1e9",
		"<script>",
		"'; drop table users; --",
	],
	...[[], {}, [[]], [null], { length: 1e9 }, { toJSON: 1 }, { toString: null }, Array.from({ length: 3_000 }, () => 0)],
];

/** Texts that are not JSON, or JSON that no endpoint expects. */
const RAW: readonly string[] = [
	"",
	"{",
	"[",
	"null",
	"5",
	'"x"',
	"NaN",
	"{}}",
	"\ufeff{}",
	'{"a":1,}',
	"a=1&b=2",
	"\u0000",
	'{"__proto__":{"isAdmin":true}}',
	"true",
];

export interface Body {
	text: string | Uint8Array;
	type: string;
}

/** The random body of one request. */
export function bodyFor({ example, breaking }: Endpoint, random: () => number): Body {
	const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
	const json = "application/json";
	const kind = random();
	if (kind < 0.08) return { text: pick(RAW), type: json };
	if (kind < 0.11) return { text: bytes(random), type: pick([json, "application/octet-stream", "text/plain"]) };
	if (kind < 0.14) return { text: pick(["[", '{"a":']).repeat(10_000), type: json };
	if (kind < 0.16) return { text: nested(40 + Math.floor(random() * 3_000)), type: json };
	if (kind < 0.165) return { text: JSON.stringify({ ...example, more: "x".repeat(HUGE), ...broken(breaking, pick) }), type: json };
	let value: unknown = example ? structuredClone(example) : anything(random, 0);
	for (let left = Math.floor(random() * 4) + (breaking ? 0 : 1); left > 0; left -= 1) value = mutated(value, random);
	if (breaking && typeof value === "object" && value !== null) value = { ...value, ...broken(breaking, pick) };
	const text = JSON.stringify(value) ?? "";
	const type = pick([json, json, json, json, json, json, "text/plain", "multipart/form-data; boundary=x", ""]);
	return { text: random() < 0.05 ? text.slice(0, Math.floor(random() * text.length)) : text, type };
}

function broken(breaking: Endpoint["breaking"], pick: <T>(from: readonly T[]) => T): object {
	const fields = Object.entries(breaking ?? {});
	if (fields.length === 0) return {};
	const [field, values] = pick(fields);
	return { [field]: pick(values) };
}

function bytes(random: () => number): Uint8Array {
	return Uint8Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256));
}

const nested = (depth: number): string => `${'{"messages":['.repeat(depth)}${"]}".repeat(depth)}`;

function anything(random: () => number, depth: number): unknown {
	if (depth > 3 || random() < 0.5) return ODD[Math.floor(random() * ODD.length)];
	const names = ["id", "name", "email", "data", "messages", "model", "type", "__proto__", "length", ""];
	const some = Array.from({ length: Math.floor(random() * 4) }, () => anything(random, depth + 1));
	if (random() < 0.4) return some;
	return Object.fromEntries(some.map((value) => [names[Math.floor(random() * names.length)], value]));
}

/** A copy of the value with one random part replaced, removed, added or repeated. */
function mutated(value: unknown, random: () => number): unknown {
	if (typeof value !== "object" || value === null || random() < 0.1) return ODD[Math.floor(random() * ODD.length)];
	if (Array.isArray(value)) {
		const at = Math.floor(random() * value.length);
		if (value.length === 0 || random() < 0.2) return [...value, ...value, anything(random, 1)];
		return value.map((one, index) => (index === at ? mutated(one, random) : one));
	}
	const names = Object.keys(value);
	const name = names[Math.floor(random() * names.length)];
	if (name === undefined || random() < 0.15) return { ...value, [`more${names.length}`]: anything(random, 0) };
	const { [name]: old, ...rest } = value as Record<string, unknown>;
	return random() < 0.2 ? rest : { ...rest, [name]: mutated(old, random) };
}
