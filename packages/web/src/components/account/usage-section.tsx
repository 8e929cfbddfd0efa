import { calendarDate, number } from "../../text/format.ts";
import { t } from "../../text/text.ts";
import type { ModelOption } from "../../view/chat.ts";
import type { UsageDay, UsageHistory, UsageView } from "../../view/usage.ts";
import { Section } from "./section.tsx";
import { chartOf, type UsageChart } from "./usage-chart.ts";

/** Defined in styles.css, each with a contrast of 3 to the page. The last one is shared by models without a color of their own. */
const COLORS = ["fill-series-1", "fill-series-2", "fill-series-3", "fill-series-4", "fill-edge"];

/** The drawing's size in its own units: a bar and its gap are 10 wide. The page stretches it. */
const BAR = 7;
const STEP = 10;
const HEIGHT = 100;

interface UsageSectionProps {
	history: UsageHistory;
	models: ModelOption[];
	usage: UsageView;
}

/** Requests of the last 31 days by day and model: a chart, and a table with the same numbers and the tokens. */
export function UsageSection({ history, models, usage }: UsageSectionProps) {
	const labelOf = (id: string) => models.find((model) => model.id === id)?.label ?? id;
	const chart = chartOf(history, labelOf);
	return (
		<Section title={t("settings_usage")}>
			<Whose usage={usage} />
			{history.days.length === 0 ? (
				<p>{t("usage_none")}</p>
			) : (
				<>
					<p>{t("usage_total", { count: chart.total })}</p>
					<Chart chart={chart} />
					<Table days={history.days} labelOf={labelOf} />
				</>
			)}
		</Section>
	);
}

/** Names the subject of these requests, for a viewer whose organization pays. */
function Whose({ usage: { organization } }: Pick<UsageSectionProps, "usage">) {
	if (!organization) return null;
	return (
		<p className="mb-2 text-small text-soft wrap-anywhere">
			{organization.mayBuy
				? t("usage_of_everyone", { organization: organization.name })
				: t("usage_own_only", { organization: organization.name })}
		</p>
	);
}

function Chart({ chart: { bars, series, top } }: { chart: UsageChart }) {
	const first = bars[0]?.day ?? "";
	const last = bars.at(-1)?.day ?? "";
	return (
		<figure className="mt-4">
			<div className="grid grid-cols-[1fr_auto] gap-2">
				<svg
					role="img"
					aria-label={t("usage_chart")}
					viewBox={`0 0 ${bars.length * STEP} ${HEIGHT}`}
					preserveAspectRatio="none"
					className="h-32 w-full min-w-0 border-line border-t border-b"
				>
					<path d={`M0 ${HEIGHT / 2}H${bars.length * STEP}`} className="stroke-line" vectorEffect="non-scaling-stroke" />
					{bars.map(({ day, total, segments }, at) => (
						<g key={day}>
							{segments.map(({ series: color, from, to }) => (
								<rect
									key={color}
									x={at * STEP + (STEP - BAR) / 2}
									y={HEIGHT * (1 - to / top)}
									width={BAR}
									height={(HEIGHT * (to - from)) / top}
									className={`stroke-paper ${COLORS[color]}`}
									vectorEffect="non-scaling-stroke"
								/>
							))}
							{total > 0 && (
								<rect x={at * STEP} y={0} width={STEP} height={HEIGHT} fill="transparent">
									<title>{t("usage_of_day", { day: calendarDate(day), units: number(total) })}</title>
								</rect>
							)}
						</g>
					))}
				</svg>
				<div aria-hidden="true" className="-my-2.5 flex flex-col justify-between text-small text-soft">
					{[top, ...(top > 1 ? [top / 2] : []), 0].map((value) => (
						<span key={value}>{number(value)}</span>
					))}
				</div>
				<div aria-hidden="true" className="flex justify-between text-small text-soft">
					<DayName day={first} />
					<DayName day={last} />
				</div>
			</div>
			<figcaption>
				<ul className="mt-3 flex flex-wrap gap-x-5 gap-y-1 text-small">
					{series.map(({ label, units }, at) => (
						<li key={label} className="flex min-w-0 items-center gap-2">
							<svg aria-hidden="true" viewBox="0 0 10 10" className={`size-2.5 shrink-0 ${COLORS[at]}`}>
								<rect width="10" height="10" rx="2" />
							</svg>
							<span className="min-w-0 truncate" title={label}>
								{label}
							</span>
							<span className="text-soft">{number(units)}</span>
						</li>
					))}
				</ul>
			</figcaption>
		</figure>
	);
}

function Table({ days, labelOf }: { days: UsageDay[]; labelOf: (model: string) => string }) {
	const isEstimated = days.some(({ estimatedRequests }) => estimatedRequests > 0);
	return (
		<details className="mt-4">
			<summary className="w-fit text-small text-soft">{t("usage_by_day")}</summary>
			{/* Too wide for a phone: the table scrolls, not the page. */}
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users scroll it with the arrow keys. */}
			<section aria-label={t("usage_by_day_and_model")} tabIndex={0} className="mt-2 max-h-96 overflow-auto">
				<table className="w-full whitespace-nowrap text-right text-small">
					<thead className="sticky top-0 bg-paper text-soft">
						<tr>
							{[t("usage_day"), t("chat_model"), t("usage_answers"), t("kept_requests"), t("usage_tokens_in"), t("usage_tokens_out")].map(
								(heading, at) => (
									<th key={heading} scope="col" className={`py-1 font-normal ${at < 2 ? "pr-3 text-left" : "pl-3"}`}>
										{heading}
									</th>
								),
							)}
						</tr>
					</thead>
					<tbody>
						{days.toReversed().map((one) => (
							<tr key={`${one.day} ${one.model}`} className="border-line border-t">
								<th scope="row" className="py-1 pr-3 text-left font-normal">
									<DayName day={one.day} />
								</th>
								<td className="max-w-28 truncate pr-3 text-left" title={labelOf(one.model)}>
									{labelOf(one.model)}
								</td>
								<Count value={one.requests} />
								<Count value={one.units} />
								<Count value={one.inputTokens} isEstimate={one.estimatedRequests > 0} />
								<Count value={one.outputTokens} isEstimate={one.estimatedRequests > 0} />
							</tr>
						))}
					</tbody>
				</table>
			</section>
			<p className="mt-2 text-small text-soft">
				{t("usage_note")}
				{isEstimated && ` ${t("usage_estimates")}`}
			</p>
		</details>
	);
}

function Count({ value, isEstimate = false }: { value: number; isEstimate?: boolean }) {
	return (
		<td className="pl-3">
			{isEstimate && "≈ "}
			{number(value)}
		</td>
	);
}

/** A UTC day instead of the viewer's, because days are counted in UTC. */
function DayName({ day }: { day: string }) {
	return <time dateTime={day}>{calendarDate(day)}</time>;
}
