# Draws with Authen::Captcha: a JSON request a line in, four bytes of length (big-endian) and a PNG out.
use strict;
use warnings;
use JSON::PP;
use Authen::Captcha;

binmode STDOUT;
$| = 1;
my $captcha = Authen::Captcha->new();
while (my $line = <STDIN>) {
    my $ask = decode_json($line);
    srand($ask->{seed});
    my $image = ${ $captcha->create_image_file($ask->{text}) };
    print pack('N', length $image), $image;
}
