CREATE TABLE `instructions` (
	`user_id` text PRIMARY KEY NOT NULL,
	`about` text NOT NULL,
	`answer` text NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
