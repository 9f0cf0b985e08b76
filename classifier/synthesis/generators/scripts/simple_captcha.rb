# Draws with simple_captcha2: a JSON request a line in, four bytes of length (big-endian) and a JPEG out.
require 'json'
require 'active_support/all'
require 'rails'
require 'simple_captcha'

# It looks the text up by its key: here the key is the text.
def (SimpleCaptcha::Utils).simple_captcha_value(key)
  key
end

drawer = Object.new.extend(SimpleCaptcha::ImageHelpers)
$stdout.binmode
while (line = $stdin.gets)
  ask = JSON.parse(line)
  srand(ask['seed'])
  style = SimpleCaptcha::ImageHelpers.image_styles[ask['style']] || ask['style']
  SimpleCaptcha.add_image_style('asked', ["-seed #{ask['seed']}", *style])
  SimpleCaptcha.setup do |options|
    options.image_style = 'asked'
    ask['options'].each { |name, value| options.send("#{name}=", value) }
  end
  begin
    image = drawer.send(:generate_simple_captcha_image, ask['text'])
  rescue StandardError => error
    abort error.message.scrub('?')[0, 80].tr("\n", ' ')
  end
  $stdout.write([image.bytesize].pack('N'), image)
  $stdout.flush
end
