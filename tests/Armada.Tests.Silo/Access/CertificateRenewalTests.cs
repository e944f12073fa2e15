using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Armada.Silo.Access;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Access;

public sealed class CertificateRenewalTests(Broker broker) : IClassFixture<Broker>, IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Renewed_files_are_used_without_a_restart_whether_they_are_renamed_over_or_swapped_behind_a_link()
    {
        // As Kubernetes mounts a secret: files that are links through ..data, which is a link to the folder of this version.
        var versions = Enumerable.Range(1, 3).Select(MakeVersion).ToArray();
        var data = folder.File("..data");
        Directory.CreateSymbolicLink(data, versions[0].Folder);
        var files = new TlsFiles(folder.File("tls.crt"), folder.File("tls.key"));
        File.CreateSymbolicLink(files.CertificateFile, "..data/tls.crt");
        File.CreateSymbolicLink(files.KeyFile, "..data/tls.key");
        await using var silo = await RunningSilo.StartAsync(
            broker, options => options with { Http = options.Http with { Urls = [new("https://127.0.0.1:0")], Tls = files } });
        var port = silo.Http.BaseAddress!.Port;
        Assert.Equal(versions[0].Serial, await SerialAsync(port));

        Directory.CreateSymbolicLink(folder.File("..data_tmp"), versions[1].Folder);
        Directory.Move(folder.File("..data_tmp"), data + "2"); // rename(2) would replace a link; .NET refuses, so it goes in two steps.
        Directory.Delete(data);
        Directory.Move(data + "2", data);
        await Eventually.HoldsAsync("the swapped certificate is served", async () => await SerialAsync(port) == versions[1].Serial);

        File.Move(Path.Combine(versions[2].Folder, "tls.crt"), files.CertificateFile, overwrite: true);
        File.Move(Path.Combine(versions[2].Folder, "tls.key"), files.KeyFile, overwrite: true);
        silo.Logs.Expect(1511); // Between the two the certificate and the key do not belong together.
        await Eventually.HoldsAsync("the renamed certificate is served", async () => await SerialAsync(port) == versions[2].Serial);
    }

    [Fact]
    public void Broken_files_leave_the_former_certificate_and_are_logged_once()
    {
        using var logs = new FailOnLoggedErrors();
        var time = new HandTime();
        var (source, first) = MakeVersion(1);
        var files = new TlsFiles(Path.Combine(source, "tls.crt"), Path.Combine(source, "tls.key"));
        var key = File.ReadAllText(files.KeyFile);
        var certificate = new HttpsCertificate(files, time, logs.For<HttpsCertificate>());
        logs.Expect(1511);

        File.WriteAllText(files.KeyFile, "junk");
        for (var check = 0; check < 3; check++)
            Assert.Equal(first, SerialAfter(TimeSpan.FromSeconds(2)));
        Assert.Single(logs.Of(1511));

        File.Delete(files.KeyFile);
        for (var check = 0; check < 3; check++)
            Assert.Equal(first, SerialAfter(TimeSpan.FromSeconds(2)));
        Assert.Equal(2, logs.Of(1511).Count);

        var (renewed, second) = MakeVersion(2);
        File.Copy(Path.Combine(renewed, "tls.crt"), files.CertificateFile, overwrite: true);
        File.Copy(Path.Combine(renewed, "tls.key"), files.KeyFile, overwrite: true);
        Assert.Equal(first, SerialAfter(TimeSpan.Zero));
        Assert.Equal(second, SerialAfter(TimeSpan.FromSeconds(2)));
        Assert.Single(logs.Of(1510));
        Assert.DoesNotContain(logs.Entries, entry => entry.Message.Contains(key, StringComparison.Ordinal));

        string SerialAfter(TimeSpan pause)
        {
            time.Advance(pause);
            return certificate.Current.TargetCertificate.SerialNumber;
        }
    }

    private (string Folder, string Serial) MakeVersion(int number)
    {
        using var made = new TempFolder();
        using var certificates = new TestCertificates(made);
        var (certificate, key) = certificates.Server();
        var version = Directory.CreateDirectory(folder.File($"..version-{number}")).FullName;
        File.Copy(certificate, Path.Combine(version, "tls.crt"));
        File.Copy(key, Path.Combine(version, "tls.key"));
        using var loaded = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificateFromFile(certificate);
        return (version, loaded.SerialNumber);
    }

    private static async Task<string> SerialAsync(int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        var serial = "";
        await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, certificate, _, _) => (serial = certificate!.GetSerialNumberString()).Length > 0);
        await tls.AuthenticateAsClientAsync("localhost");
        return serial;
    }
}
