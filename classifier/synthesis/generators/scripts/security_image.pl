# Draws with GD::SecurityImage: a JSON request a line in, four bytes of length (big-endian) and a PNG out.
use strict;
use warnings;
use JSON::PP;
use GD::SecurityImage;

binmode STDOUT;
$| = 1;
while (my $line = <STDIN>) {
    my $ask = decode_json($line);
    srand($ask->{seed});
    my $drawer = GD::SecurityImage->new(%{ $ask->{new} }, rnd_data => ['0']);
    $drawer->{_RNDMAX_} = 1;    # a text of fewer than six characters would be replaced by one of its own
    $drawer->random($ask->{text});
    $drawer->create(@{ $ask->{create} });
    $drawer->particle(@{ $ask->{particle} }) if @{ $ask->{particle} };
    my ($image) = $drawer->out(force => 'png');
    print pack('N', length $image), $image;
}
