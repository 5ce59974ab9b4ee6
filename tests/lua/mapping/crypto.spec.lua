-- What mappings do with hashes, case by case of the conformance data (mapping-cases.json).

describe("mapping hashes", function()
  it("hash-sha512-256", function()
    expect(hash.sha512_256 "foobar")
      :is "d014c752bc2be868e16330f47e0c316a5967bcbc9c286a457761d7055b9214ce"
  end)

  it("hash-sha256", function()
    local redacted = regex.replace("my id is 123456", [[\d+]], function(found)
      return hash.sha256(found)
    end)
    expect(redacted)
      :is "my id is 8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92"
  end)

  it("hash-sha1", function()
    expect(hash.sha1 "foo"):is "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"
  end)

  it("hmac-sha256", function()
    expect(hmac.sha256("super-secret-key", "Hello there", "base64"))
      :is "eLGE8YMviv85NPXgISRUZxstBNSU47JQdcXkUWcClmI="
  end)

  it("hmac-sha256-hex", function()
    expect(hmac.sha256("super-secret-key", "Hello there"))
      :is "78b184f1832f8aff3934f5e0212454671b2d04d494e3b25075c5e45167029662"
  end)
end)
