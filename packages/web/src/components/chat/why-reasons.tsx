import { BOUND_OF_FORGIVENESS, type RuleName, WHO_PAYS } from "@parley/metering/who-pays";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { AnswerMetadata } from "../../view/chat.ts";
import { inRequests, LocalNumber, LocalTime } from "../frame/local-time.tsx";

export interface WhyProps {
	metadata: AnswerMetadata;
	/** The name of the model that wrote the answer. */
	model: string;
}

/** Whether an answer was counted, by which rule, what it cost, and the tokens that the model read and wrote. */
export function WhyReasons({
	metadata: { counted, imported, rule, units = 1, searches, effort, instructions = 0, spent, reference, askedAt, tookMs },
	model,
}: WhyProps) {
	const row = isRule(rule) ? WHO_PAYS[rule] : undefined;
	// Beyond the bound an answer counts that its rule alone would not.
	const isBeyond = counted && row && row.fate.kind === "release";
	return (
		<dl className="order-last mt-1 mb-2 ml-2 grid basis-full grid-cols-[auto_1fr] gap-x-4 gap-y-1 border-line border-l-2 pl-4 text-soft">
			<Row name="Counted">{imported ? "No, it was imported" : counted === undefined ? "Not yet" : counted ? inRequests(units) : "No"}</Row>
			{row && (
				<Row name="Rule">
					{row.happens}. {isBeyond ? BOUND_OF_FORGIVENESS : row.counted.replace(YES_OR_NO, "")}{" "}
					<Link to="/what-counts" className="link">
						All rules
					</Link>
				</Row>
			)}
			{searches !== undefined && <Row name="Web searches">{searches}</Row>}
			{model && <Row name="Model">{effort ? `${model}, ${effort} effort` : model}</Row>}
			{askedAt && (
				<Row name="Time">
					<LocalTime iso={askedAt} form="moment" />
					{tookMs !== undefined && `, took ${inSeconds(tookMs)}`}
				</Row>
			)}
			{spent && (
				<Row name="Tokens">
					{spent.estimated && "about "}
					<LocalNumber value={spent.input} /> read, <LocalNumber value={spent.output} /> written
				</Row>
			)}
			{instructions > 0 && (
				<Row name="Instructions">
					<LocalNumber value={instructions} /> tokens in the price
				</Row>
			)}
			{reference && <Row name="Reference">{reference}</Row>}
		</dl>
	);
}

/** "0.4 s", or "12 s". */
const inSeconds = (ms: number): string => `${ms < 10_000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;

/** The first sentence of a rule in the table, which the first row here has said. */
const YES_OR_NO = /^[^.]*\.\s*/;

const isRule = (name: string | undefined): name is RuleName => name !== undefined && Object.hasOwn(WHO_PAYS, name);

function Row({ name, children }: { name: string; children: ReactNode }) {
	return (
		<>
			<dt>{name}</dt>
			<dd className="wrap-anywhere text-ink">{children}</dd>
		</>
	);
}
