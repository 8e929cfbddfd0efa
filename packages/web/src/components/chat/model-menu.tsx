import { Link } from "@tanstack/react-router";
import { type ReactNode, type RefObject, useEffect, useRef } from "react";
import type { Effort, ModelOption } from "../../view/chat.ts";
import type { Tier } from "../../view/usage.ts";
import { inRequests } from "../frame/local-time.tsx";
import { type Choice, effortOf, levelsOf } from "./use-choice.ts";

export interface ModelMenuProps {
	id: string;
	/** The button that opened the menu. */
	anchor: RefObject<HTMLButtonElement | null>;
	models: ModelOption[];
	choice: Choice;
	onChoose: (choice: Choice) => void;
	/** Whether the whole chat is sent; undefined where that is no choice, because all of it fits. */
	whole: boolean | undefined;
	onWhole: (whole: boolean) => void;
	/** Requests that a message costs as it is chosen, or otherwise. */
	unitsOf: (choice: Choice, whole?: boolean) => number;
	tier: Tier;
	path: string;
	/** Whether the viewer can buy a plan here. */
	canPay: boolean;
	onClose: () => void;
}

/** The models with their prices, the effort, and how much of the chat is sent. Each choice holds at once; Escape, Enter or a press beside it closes. */
export function ModelMenu(props: ModelMenuProps) {
	const { id, anchor, choice, onChoose, whole, onWhole, unitsOf, onClose } = props;
	const menu = useRef<HTMLDivElement>(null);
	useEffect(() => {
		const [element, button] = [menu.current, anchor.current];
		if (!element || !button) return;
		const { top, left } = button.getBoundingClientRect();
		element.style.setProperty("--above", `${innerHeight - top + 8}px`);
		element.style.setProperty("--left", `${left}px`);
		// The button names the menu, so the press under way may show it first, and would hide it if it were shown already.
		const timer = setTimeout(() => {
			if (!element.matches(":popover-open")) element.showPopover();
			element.querySelector<HTMLElement>("input:checked")?.focus();
		}, 0);
		return () => clearTimeout(timer);
	}, [anchor]);
	const hide = () => menu.current?.hidePopover();

	return (
		<div
			ref={menu}
			id={id}
			popover="auto"
			role="dialog"
			aria-label="Model"
			className="model-menu max-w-full overflow-y-auto border border-transparent rounded-large bg-raised p-2 text-ink shadow-sheet"
			onToggle={(event) => event.newState === "closed" && onClose()}
			onKeyDown={(event) => {
				if (event.key !== "Enter" || event.target instanceof HTMLAnchorElement) return;
				event.preventDefault();
				hide();
			}}
		>
			<Models {...props} onLast={hide} />
			{levelsOf(choice.model).length > 1 && (
				<Group legend="Effort">
					<div className="flex gap-1 px-3 pb-1">
						{levelsOf(choice.model).map((effort) => (
							<Level
								key={effort}
								effort={effort}
								units={unitsOf({ ...choice, effort })}
								chosen={choice.effort === effort}
								onChoose={() => onChoose({ ...choice, effort })}
							/>
						))}
					</div>
				</Group>
			)}
			{whole !== undefined && (
				<label className="mt-2 flex cursor-pointer items-start gap-3 border-line border-t px-3 pt-3 pb-2">
					<input
						type="checkbox"
						checked={whole}
						onChange={(event) => onWhole(event.target.checked)}
						className="mt-1 size-4 shrink-0 accent-ink"
					/>
					<span>
						Include the whole chat
						<span className="block text-small text-soft">
							{inRequests(unitsOf(choice, true))} each. Otherwise the model reads only the newest messages.
						</span>
					</span>
				</label>
			)}
		</div>
	);
}

function Group({ legend, children }: { legend: string; children: ReactNode }) {
	return (
		<fieldset className="mt-2 first:mt-0">
			<legend className="px-3 py-1 text-small text-soft">{legend}</legend>
			{children}
		</fieldset>
	);
}

interface ModelsProps extends ModelMenuProps {
	/** A model was pressed with which nothing else is to be chosen. */
	onLast: () => void;
}

function Models({ models, choice, onChoose, whole, unitsOf, tier, path, canPay, onLast }: ModelsProps) {
	const locked = models.filter(({ tiers }) => !tiers.includes(tier));
	return (
		<Group legend="Model">
			{models.map((model) => {
				const asked = { model, effort: effortOf(model, choice.effort) };
				return (
					<Model
						key={model.id}
						model={model}
						units={unitsOf(asked)}
						chosen={model.id === choice.model.id}
						needs={neededFor(model, tier)}
						onChoose={() => onChoose(asked)}
						onPress={() => levelsOf(model).length < 2 && whole === undefined && onLast()}
					/>
				);
			})}
			{tier === "guest" && locked.some(({ tiers }) => tiers.includes("free")) ? (
				<More to="/sign-up" search={{ next: path }}>
					Sign up for more models
				</More>
			) : (
				canPay && locked.length > 0 && <More to="/pricing">Go Pro for more models</More>
			)}
		</Group>
	);
}

/** What a viewer needs to ask a model; null when they may. */
function neededFor({ tiers }: ModelOption, tier: Tier): string | null {
	if (tiers.includes(tier)) return null;
	return tier === "guest" && tiers.includes("free") ? "Account" : "Pro";
}

interface ModelProps {
	model: ModelOption;
	units: number;
	chosen: boolean;
	needs: string | null;
	onChoose: () => void;
	/** It was pressed, not reached with the arrow keys. */
	onPress: () => void;
}

function Model({ model: { label, description }, units, chosen, needs, onChoose, onPress }: ModelProps) {
	return (
		<label
			className={`flex items-start gap-3 rounded-small px-3 py-2 has-focus-visible:outline-2 has-focus-visible:outline-accent ${needs ? "text-soft" : "cursor-pointer hover:bg-said"}`}
		>
			<input
				type="radio"
				name="model"
				checked={chosen}
				disabled={needs !== null}
				onChange={onChoose}
				// A key that moves the choice is a click of no button.
				onClick={(event) => event.detail > 0 && onPress()}
				className="mt-1 size-4 shrink-0 accent-ink outline-none"
			/>
			<span className="min-w-0 grow wrap-anywhere">
				{label} {needs && <span className="ml-1 rounded-small px-1.5 py-0.5 text-small shadow-flat">{needs}</span>}
				{description && <span className="block text-small text-soft">{description}</span>}
			</span>
			<span className="shrink-0 text-small text-soft leading-6">{inRequests(units)}</span>
		</label>
	);
}

interface LevelProps {
	effort: Effort;
	units: number;
	chosen: boolean;
	onChoose: () => void;
}

function Level({ effort, units, chosen, onChoose }: LevelProps) {
	return (
		<label className="flex min-h-11 flex-1 cursor-pointer flex-col items-center justify-center rounded-small border border-line px-1 py-1 hover:bg-said has-checked:border-ink has-checked:bg-said has-checked:font-semibold has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:outline-offset-2">
			<input type="radio" name="effort" checked={chosen} onChange={onChoose} className="sr-only" />
			<span className="capitalize">{effort}</span>
			<span className="font-normal text-small text-soft">{inRequests(units)}</span>
		</label>
	);
}

function More({ children, ...to }: { children: ReactNode } & ({ to: "/pricing" } | { to: "/sign-up"; search: { next: string } })) {
	return (
		<p className="px-3 py-1 text-small">
			<Link {...to} className="link">
				{children}
			</Link>
		</p>
	);
}
