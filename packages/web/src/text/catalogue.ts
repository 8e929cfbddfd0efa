import type { en } from "./en.ts";

/** A text, or one for a `count` of 1 and one for every other. `{name}` is a place for a parameter, `{brand}` for the name of the deployment. */
export type Message = string | { one: string; other: string };

export type Key = keyof typeof en;

/** What a language has to say. */
export type Catalogue = { [K in Key]: (typeof en)[K] extends string ? string : { one: string; other: string } };

type NamesIn<Pattern> = Pattern extends `${string}{${infer Name}}${infer Rest}` ? Exclude<Name, "brand"> | NamesIn<Rest> : never;
type Names<M> = M extends { one: infer One; other: infer Other } ? "count" | NamesIn<One> | NamesIn<Other> : NamesIn<M>;

/** The arguments after the key: what stands in the places of its text. A `count` that chooses between two texts is a number. */
export type Params<K extends Key, Value> = [Names<(typeof en)[K]>] extends [never]
	? []
	: [{ [Name in Names<(typeof en)[K]>]: Name extends "count" ? ((typeof en)[K] extends string ? Value : number) : Value }];
