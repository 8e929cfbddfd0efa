import { createElement, Fragment, type ReactNode } from "react";
import type { Key, Params } from "./catalogue.ts";
import { partsOf } from "./text.ts";

/** Like `t`, with elements for parameters. Apart from `t`, because the Worker's texts need no React. */
export function rich<K extends Key>(key: K, ...[params]: Params<K, ReactNode>): ReactNode {
	return createElement(Fragment, null, ...partsOf<ReactNode>(key, params ?? {}));
}
