"""What users say of texts, and what is made of the text of a captcha."""
