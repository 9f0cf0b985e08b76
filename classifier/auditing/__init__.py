"""How weak a captcha is: attacks on a folder of it, and what they are stopped by."""
