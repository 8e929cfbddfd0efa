import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { t } from "../../text/text.ts";
import type { ModelOption } from "../../view/chat.ts";
import type { Tier } from "../../view/usage.ts";
import { inRequests } from "../frame/local-time.tsx";
import { effortName } from "./price.ts";
import { type Choice, effortOf, levelsOf } from "./use-choice.ts";

export interface ModelPickerProps {
	models: ModelOption[];
	choice: Choice;
	onChoose: (choice: Choice) => void;
	/** Whether the whole chat is sent. Undefined if all of it fits anyway. */
	whole: boolean | undefined;
	onWhole: (whole: boolean) => void;
	/** The price of a message in requests, for a given choice. */
	unitsOf: (choice: Choice, whole?: boolean) => number;
	tier: Tier;
	path: string;
	/** Whether the viewer can buy a plan here. */
	canPay: boolean;
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Whether there is more than one option. */
export const isChoice = ({ models, choice, whole }: Pick<ModelPickerProps, "models" | "choice" | "whole">): boolean =>
	models.length > 1 || levelsOf(choice.model).length > 1 || whole !== undefined;

/**
 * Selects the model, the effort, and whether the whole chat is sent, each with its price. Native selects: they work with every keyboard, screen
 * reader and phone, and show descriptions in browsers that can style them.
 */
export function ModelPicker(props: ModelPickerProps) {
	const { models, choice, onChoose, whole, onWhole, unitsOf, tier, path, canPay } = props;
	const [wanted, setWanted] = useState<ModelOption>();
	const levels = levelsOf(choice.model);

	function choose(id: string) {
		const model = models.find((one) => one.id === id);
		if (!model) return;
		const needs = neededFor(model, tier);
		setWanted(needs ? model : undefined);
		if (!needs) onChoose({ ...choice, model, effort: effortOf(model, choice.effort) });
	}

	return (
		<div className="flex min-w-0 grow flex-wrap items-center gap-x-1">
			<select
				aria-label={t("chat_model")}
				className="picker button-bare min-w-0 text-small"
				value={choice.model.id}
				onChange={(event) => choose(event.target.value)}
			>
				{models.map((model) => {
					const needs = neededFor(model, tier);
					const price = inRequests(unitsOf({ model, effort: effortOf(model, choice.effort) }));
					return (
						<option
							key={model.id}
							value={model.id}
							data-about={model.description ?? undefined}
							disabled={needs === "Pro" && !canPay && tier !== "guest"}
						>
							{[model.label, price, needs === "account" ? t("chat_with_account") : needs && t("chat_in_pro")].filter(Boolean).join(" · ")}
						</option>
					);
				})}
			</select>
			{levels.length > 1 && (
				<select
					aria-label={t("chat_effort_label")}
					className="picker button-bare min-w-0 text-small"
					value={choice.effort ?? ""}
					onChange={(event) => onChoose({ ...choice, effort: levels.find((level) => level === event.target.value) ?? choice.effort })}
				>
					{levels.map((effort) => (
						<option key={effort} value={effort}>
							{`${capitalized(t("chat_effort", { effort: effortName(effort) }))} · ${inRequests(unitsOf({ ...choice, effort }))}`}
						</option>
					))}
				</select>
			)}
			{whole !== undefined && (
				<label className="button-bare cursor-pointer text-small">
					<input
						type="checkbox"
						checked={whole}
						onChange={(event) => onWhole(event.target.checked)}
						className="size-4 shrink-0 accent-ink"
					/>
					{t("chat_include_whole_each", { price: inRequests(unitsOf(choice, true)) })}
				</label>
			)}
			{wanted && <Needed model={wanted} tier={tier} path={path} />}
		</div>
	);
}

/** What a viewer needs before using a model. Null if they may use it. */
function neededFor({ tiers }: ModelOption, tier: Tier): "account" | "Pro" | null {
	if (tiers.includes(tier)) return null;
	return tier === "guest" && tiers.includes("free") ? "account" : "Pro";
}

/** How the viewer gets access to a model that they have chosen and may not use. */
function Needed({ model, tier, path }: { model: ModelOption; tier: Tier; path: string }) {
	const className = "link px-2 text-small";
	return (
		<p role="status" className="py-1">
			{neededFor(model, tier) === "account" ? (
				<Link to="/sign-up" search={{ next: path }} className={className}>
					{t("chat_sign_up_for_model", { model: model.label })}
				</Link>
			) : (
				<Link to="/pricing" className={className}>
					{t("chat_go_pro_for_model", { model: model.label })}
				</Link>
			)}
		</p>
	);
}
