<?php
// Draws with gregwar/captcha: a JSON request a line in, four bytes of length (big-endian) and a PNG out.
require_once 'Gregwar/Captcha/autoload.php';

while (($line = fgets(STDIN)) !== false) {
    $ask = json_decode($line, true, 8, JSON_THROW_ON_ERROR);
    mt_srand($ask['seed']);
    $builder = new Gregwar\Captcha\CaptchaBuilder($ask['text']);
    $builder->setDistortion($ask['distortion'])
        ->setInterpolation($ask['interpolation'])
        ->setMaxAngle($ask['angle'])
        ->setMaxOffset($ask['offset'])
        ->setMaxBehindLines($ask['behind'])
        ->setMaxFrontLines($ask['front']);
    if ($ask['ink']) {
        $builder->setTextColor(...$ask['ink']);
    }
    if ($ask['ground']) {
        $builder->setBackgroundColor(...$ask['ground']);
    }
    $builder->build($ask['width'], $ask['height'], $ask['font']);
    ob_start();
    imagepng($builder->getGd());
    $image = ob_get_clean();
    fwrite(STDOUT, pack('N', strlen($image)) . $image);
    fflush(STDOUT);
}
