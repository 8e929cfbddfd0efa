UPDATE `api_keys` SET `limit_per` = 'period' WHERE `limit_per` = 'month';
