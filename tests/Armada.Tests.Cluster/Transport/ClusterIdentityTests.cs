using Armada.Grains.Transport;
using Armada.Testing;
using Armada.Testing.Brokers;

namespace Armada.Tests.Cluster.Transport;

/// <summary>Which PEM files make a member of a cluster, and what is said of those that do not.</summary>
public sealed class ClusterIdentityTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly TestCertificates ours;
    private readonly TestCertificates foreign;

    public ClusterIdentityTests() => (ours, foreign) = (new(folder), new(folder, "foreign-ca"));

    public void Dispose()
    {
        foreign.Dispose();
        ours.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void A_certificate_of_the_authority_with_its_key_makes_a_member()
    {
        Assert.Null(Load(ours.CaFile, ours.Member("silo-1")));
        Assert.Null(Load(ours.CaFile, ours.Member("gateway-1")));
    }

    [Fact]
    public void An_authority_that_is_being_replaced_may_be_two_in_one_file()
    {
        var both = folder.Write("both.crt", File.ReadAllText(foreign.CaFile) + "\n" + File.ReadAllText(ours.CaFile));
        Assert.Null(Load(both, ours.Member("silo-1")));
    }

    [Fact]
    public void A_file_that_is_missing_or_no_PEM_is_named()
    {
        var (certificate, key) = ours.Member("silo-1");
        var junk = folder.Write("junk.pem", "no PEM at all");
        AssertRefused(Load("/no/ca.pem", (certificate, key)), "ca-option '/no/ca.pem'");
        AssertRefused(Load(junk, (certificate, key)), $"ca-option '{junk}' holds no certificate");
        AssertRefused(Load(ours.CaFile, (junk, key)), $"cert-option '{junk}' cannot be used");
        AssertRefused(Load(ours.CaFile, (certificate, junk)), $"key-option '{junk}' cannot be used", "not encrypted");
    }

    [Fact]
    public void A_key_of_another_certificate_is_refused() => AssertRefused(
        Load(ours.CaFile, (ours.Member("silo-1").CertificateFile, ours.Member("silo-2").KeyFile)),
        "key-option",
        "must be the key of cert-option");

    [Fact]
    public void A_certificate_of_another_authority_is_refused() => AssertRefused(
        Load(ours.CaFile, foreign.Member("silo-1")), "cert-option", "refused by the authority in ca-option");

    [Fact]
    public void A_member_needs_a_certificate_that_says_it_is_good_for_servers_and_clients()
    {
        AssertRefused(Load(ours.CaFile, ours.Client("silo-1")), "cert-option", "good for servers and clients");
        AssertRefused(Load(ours.CaFile, ours.Server()), "cert-option", "good for servers and clients");
        AssertRefused(Load(ours.CaFile, ours.Unspecified("silo-1")), "cert-option", "good for servers and clients");
    }

    private static string? Load(string ca, (string Certificate, string Key) own) => ClusterIdentity.TryLoad(
        new("ca-option", ca), new("cert-option", own.Certificate), new("key-option", own.Key), out _);

    private static void AssertRefused(string? line, params string[] parts)
    {
        Assert.NotNull(line);
        Assert.DoesNotContain('\n', line);
        Assert.All(parts, part => Assert.Contains(part, line, StringComparison.Ordinal));
    }
}
