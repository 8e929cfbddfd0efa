import type { RuleName } from "@parley/metering/who-pays";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { number, tenths } from "../../text/format.ts";
import { t } from "../../text/text.ts";
import type { AnswerMetadata } from "../../view/chat.ts";
import { inRequests, LocalTime } from "../frame/local-time.tsx";
import { effortName } from "./price.ts";
import { FREE_RULES, RULES, ruleText } from "./rule-texts.ts";

export interface WhyProps {
	metadata: AnswerMetadata;
	/** The display name of the model that wrote the answer. */
	model: string;
}

/** Whether an answer was counted, by which rule, its price, and the tokens that the model read and wrote. */
export function WhyReasons({
	metadata: { counted, imported, rule, units = 1, searches, effort, instructions = 0, spent, reference, askedAt, tookMs },
	model,
}: WhyProps) {
	const row = isRule(rule) ? ruleText(rule) : undefined;
	// Beyond the forgiveness bound, an answer counts even if its rule is free.
	const isBeyond = counted && isRule(rule) && FREE_RULES.includes(rule);
	return (
		<dl className="order-last mt-1 mb-2 ml-2 grid basis-full grid-cols-[auto_1fr] gap-x-4 gap-y-1 border-line border-l-2 pl-4 text-soft">
			<Row name={t("why_counted")}>
				{imported ? t("why_imported") : counted === undefined ? t("why_not_yet") : counted ? inRequests(units) : t("why_no")}
			</Row>
			{row && (
				<Row name={t("why_rule")}>
					{row.happens}. {isBeyond ? t("rules_bound") : row.counted.replace(YES_OR_NO, "")}{" "}
					<Link to="/what-counts" className="link">
						{t("why_all_rules")}
					</Link>
				</Row>
			)}
			{searches !== undefined && <Row name={t("why_searches")}>{searches}</Row>}
			{model && <Row name={t("chat_model")}>{effort ? `${model}, ${t("chat_effort", { effort: effortName(effort) })}` : model}</Row>}
			{askedAt && (
				<Row name={t("why_time")}>
					<LocalTime iso={askedAt} form="moment" />
					{tookMs !== undefined && `, ${t("why_took", { time: inSeconds(tookMs) })}`}
				</Row>
			)}
			{spent && (
				<Row name={t("why_tokens")}>
					{spent.estimated
						? t("why_spent_about", { read: number(spent.input), written: number(spent.output) })
						: t("why_spent", { read: number(spent.input), written: number(spent.output) })}
				</Row>
			)}
			{instructions > 0 && <Row name={t("account_instructions")}>{t("why_tokens_in_price", { count: instructions })}</Row>}
			{reference && <Row name={t("why_reference")}>{reference}</Row>}
		</dl>
	);
}

/** "0.4 s", or "12 s". */
const inSeconds = (ms: number): string => t("frame_seconds", { seconds: ms < 10_000 ? tenths(ms / 1000) : String(Math.round(ms / 1000)) });

/** The first sentence of a rule's text, which the first row here already states. */
const YES_OR_NO = /^[^.]*\.\s*/;

const isRule = (name: string | undefined): name is RuleName => RULES.some((rule) => rule === name);

function Row({ name, children }: { name: string; children: ReactNode }) {
	return (
		<>
			<dt>{name}</dt>
			<dd className="wrap-anywhere text-ink">{children}</dd>
		</>
	);
}
