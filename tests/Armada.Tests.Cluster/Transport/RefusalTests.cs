using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Processes;

namespace Armada.Tests.Cluster.Transport;

/// <summary>What a silo says that cannot be a member.</summary>
public sealed class RefusalTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_key_of_another_certificate_is_one_line_that_names_the_option_and_exit_code_2()
    {
        using var folder = new TempFolder();
        using var authority = new TestCertificates(folder);
        var (certificate, _) = authority.Member("silo-1");
        var (_, key) = authority.Member("silo-2");
        await using var silo = ArmadaProgram.Start(
            "Armada.Silo",
            "--urls", "http://127.0.0.1:0", "--data", folder.File("data"), "--cluster", "c", "--redis", "127.0.0.1:1",
            "--cluster-ca", authority.CaFile, "--cluster-cert", certificate, "--cluster-key", key);

        Assert.Equal(2, await silo.ExitsAsync(Patience));
        var line = Assert.Single(silo.Lines, line => line.Length > 0);
        Assert.Contains($"--cluster-key '{key}' cannot be used", line, StringComparison.Ordinal);
    }
}
