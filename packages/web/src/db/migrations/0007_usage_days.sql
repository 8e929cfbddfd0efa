CREATE TABLE `usage_days` (
	`id` integer PRIMARY KEY NOT NULL,
	`day` integer NOT NULL,
	`subject` text NOT NULL,
	`model` text NOT NULL,
	`tier` text NOT NULL,
	`requests` integer NOT NULL,
	`units` integer NOT NULL,
	`input` integer NOT NULL,
	`cached` integer NOT NULL,
	`output` integer NOT NULL,
	`reasoning` integer NOT NULL,
	`micro_dollars` integer NOT NULL,
	`estimated` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `usage_days_totals` ON `usage_days` (`day`,`subject`,`model`,`tier`);