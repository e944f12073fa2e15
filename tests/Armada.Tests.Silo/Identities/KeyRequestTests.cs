using System.Text;
using Armada.Core.Devices;
using Armada.Silo.Identities;

namespace Armada.Tests.Silo.Identities;

/// <summary>Requests that openssl makes, good and bad ones, and what is no request at all.</summary>
public sealed class KeyRequestTests : IDisposable
{
    private const int Tries = 5_000;

    private readonly AuthorityRig rig = new();

    [Theory]
    [InlineData("ec:prime256v1", "PEM")]
    [InlineData("ec:prime256v1", "DER")]
    [InlineData("rsa:2048", "PEM")]
    [InlineData("rsa:4096", "DER")]
    public async Task A_request_of_a_sound_key_gets_a_certificate_of_that_key_and_no_key(string key, string form)
    {
        var request = await OpenSsl.RequestAsync(rig.Folder, key, form);

        var issued = rig.Authority.Issue("arm-1", request, TimeSpan.FromDays(90)).Issued!;

        Assert.Null(await rig.JudgeAsync(issued, "sslclient"));
        Assert.Equal(
            await OpenSsl.DoAsync("pkey", "-in", rig.Folder.File("device.key"), "-pubout"),
            await OpenSsl.DoAsync("x509", "-in", rig.Write("signed.pem", issued.Pem), "-noout", "-pubkey"));
    }

    [Fact]
    public async Task Nothing_of_a_request_but_its_key_is_taken_over()
    {
        var request = await OpenSsl.RequestAsync(
            rig.Folder, "ec:prime256v1", "PEM", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign",
            "-addext", "extendedKeyUsage=serverAuth", "-addext", "subjectAltName=DNS:broker.example,URI:urn:armada:device:other");
        Assert.Contains("CA:TRUE", await OpenSsl.DoAsync("req", "-in", rig.Folder.File("request"), "-noout", "-text"), StringComparison.Ordinal);

        var printed = await rig.PrintAsync(rig.Authority.Issue("arm-1", request, TimeSpan.FromDays(90)).Issued!);

        Assert.Contains("Subject: CN = arm-1\n", printed, StringComparison.Ordinal);
        Assert.Contains("CA:FALSE", printed, StringComparison.Ordinal);
        Assert.Contains("X509v3 Subject Alternative Name: \n                URI:urn:armada:device:arm-1\n", printed, StringComparison.Ordinal);
        foreach (var foreign in new[] { "admin", "Somebody", "CA:TRUE", "Certificate Sign", "Server Authentication", "broker.example", "other" })
            Assert.DoesNotContain(foreign, printed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ec:secp384r1")]
    [InlineData("ec:secp256k1")]
    [InlineData("ec:secp224r1")]
    [InlineData("ec:prime256v1:explicit")]
    [InlineData("rsa:1024")]
    [InlineData("ed25519")]
    public async Task A_key_of_another_kind_or_size_is_refused_with_what_to_use(string key)
    {
        var refused = Refuse(await OpenSsl.RequestAsync(rig.Folder, key));

        Assert.Contains("key is not accepted", refused.Text, StringComparison.Ordinal);
        Assert.Contains("P-256", refused.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rsa:2048", "rsa_keygen_pubexp:3")]
    [InlineData("rsa:5120", "rsa_keygen_primes:4")] // Of four primes it is made in a moment, and nobody sees them.
    public async Task An_RSA_key_with_a_strange_exponent_or_of_more_bits_than_are_of_use_is_refused(string key, string option)
    {
        var request = await OpenSsl.RequestAsync(rig.Folder, key, "PEM", "-pkeyopt", option);

        Assert.Contains("key is not accepted", Refuse(request).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ec:prime256v1")]
    [InlineData("rsa:2048")]
    public async Task A_request_that_is_not_signed_with_its_own_key_is_refused(string key)
    {
        var request = await OpenSsl.RequestAsync(rig.Folder, key, "DER");
        request[^1] ^= 1;

        Assert.Contains("not signed with its own key", Refuse(request).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_with_the_key_of_somebody_else_is_refused()
    {
        var theirs = await OpenSsl.RequestAsync(rig.Folder, "ec:prime256v1", "DER");
        var mine = await OpenSsl.RequestAsync(rig.Folder, "ec:prime256v1", "DER");
        var key = rig.Write("theirs", theirs);
        var point = (await OpenSsl.DoAsync("req", "-inform", "DER", "-in", key, "-noout", "-pubkey")).Replace("\n", "", StringComparison.Ordinal);
        var public64 = point["-----BEGIN PUBLIC KEY-----".Length..^"-----END PUBLIC KEY-----".Length];
        var theirKey = Convert.FromBase64String(public64);
        var at = mine.AsSpan().IndexOf(theirKey.AsSpan(0, 27)); // Up to where the point begins, keys on one curve are the same.
        theirKey.CopyTo(mine, at);

        Assert.Contains("not signed with its own key", Refuse(mine).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_point_that_is_not_on_the_curve_is_refused()
    {
        var request = await OpenSsl.RequestAsync(rig.Folder, "ec:prime256v1", "DER");
        var at = request.AsSpan().IndexOf(Convert.FromHexString("03420004")); // The bit string of an uncompressed point.
        request.AsSpan(at + 4, 64).Fill(1);

        Assert.Contains("key is not accepted", Refuse(request).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_is_too_long_is_refused_before_it_is_read()
    {
        var request = await OpenSsl.RequestAsync(rig.Folder, "ec:prime256v1");

        Assert.Contains("has more than", Refuse([.. request, .. new byte[KeyRequest.MaxBytes]]).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("hello")]
    [InlineData("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----")]
    [InlineData("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")]
    [InlineData("\u00e9")]
    public void What_is_no_request_is_refused(string text) =>
        Assert.Contains("PKCS #10", Refuse(Encoding.UTF8.GetBytes(text)).Text, StringComparison.Ordinal);

    [Fact]
    public async Task A_certificate_and_what_has_bytes_behind_it_are_no_requests()
    {
        Assert.Contains("PKCS #10", Refuse(rig.Authority.Certificate.Der.ToArray()).Text, StringComparison.Ordinal);
        var request = await OpenSsl.RequestAsync(rig.Folder, "ec:prime256v1", "DER");
        Assert.Contains("PKCS #10", Refuse([.. request, 0]).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ec:prime256v1", "DER")]
    [InlineData("ec:prime256v1", "PEM")]
    [InlineData("rsa:2048", "DER")]
    public async Task Whatever_bytes_come_they_are_signed_or_refused_and_nothing_is_thrown(string key, string form)
    {
        var request = await OpenSsl.RequestAsync(rig.Folder, key, form);
        var random = new Random(1);
        var refused = 0;
        for (var one = 0; one < Tries; one++)
        {
            var bytes = (byte[])request.Clone();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (random.Next(5) == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            if (random.Next(20) == 0)
                random.NextBytes(bytes);
            if (!KeyRequest.TryRead(bytes, out _, out var refusal))
            {
                refused++;
                Assert.NotEmpty(refusal.Text);
            }
        }

        Assert.InRange(refused, Tries / 2, Tries);
    }

    public void Dispose() => rig.Dispose();

    private RegistryRefusal Refuse(byte[] request)
    {
        var answer = rig.Authority.Issue("arm-1", request, TimeSpan.FromDays(1));
        Assert.Null(answer.Issued);
        return answer.Refused!;
    }
}
