using System.Security.Cryptography.X509Certificates;
using Armada.Silo.Identities;
using Armada.Silo.Options;
using Armada.Silo.Store;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Identities;

/// <summary>What is revoked stays revoked, whatever happens to the files.</summary>
public sealed class RevocationTests : IDisposable
{
    private const int Damaged = 1001;
    private const int Recovered = 1701;
    private const int ListLost = 1702;

    private readonly AuthorityRig rig = new();

    [Fact]
    public async Task A_revoked_certificate_fails_and_others_go_on()
    {
        var (revoked, other) = (rig.Issue().Certificate, rig.Issue("arm-2").Certificate);
        using var list = await rig.RevocationsAsync();
        Assert.Null(await JudgeAsync(list, revoked));

        await list.RevokeAsync(revoked.Serial, X509RevocationReason.KeyCompromise, CancellationToken.None);

        Assert.Contains("certificate revoked", await JudgeAsync(list, revoked), StringComparison.Ordinal);
        Assert.Null(await JudgeAsync(list, other));
        Assert.True(list.IsRevoked(revoked.Serial));
        Assert.False(list.IsRevoked(other.Serial));
    }

    [Fact]
    public async Task The_list_is_of_version_two_and_says_when_and_why_and_its_number_rises()
    {
        using var list = await rig.RevocationsAsync();
        var before = await PrintAsync(list);
        await list.RevokeAsync("4a00", X509RevocationReason.KeyCompromise, CancellationToken.None);
        var after = await PrintAsync(list);

        Assert.Contains("Version 2 (0x1)", before, StringComparison.Ordinal);
        Assert.Contains("No Revoked Certificates", before, StringComparison.Ordinal);
        Assert.Contains("X509v3 CRL Number: \n                1\n", before, StringComparison.Ordinal);
        Assert.Contains("X509v3 CRL Number: \n                2\n", after, StringComparison.Ordinal);
        Assert.Contains("X509v3 Authority Key Identifier", after, StringComparison.Ordinal);
        Assert.Contains("Last Update: Jul  1 09:00:00 2025 GMT", after, StringComparison.Ordinal);
        Assert.Contains("Next Update: Jul 31 10:00:00 2025 GMT", after, StringComparison.Ordinal);
        Assert.Contains("Serial Number: 4A00\n        Revocation Date: Jul  1 10:00:00 2025 GMT", after, StringComparison.Ordinal);
        Assert.Contains("Key Compromise", after, StringComparison.Ordinal);
        await OpenSsl.DoAsync("crl", "-in", list.ListFile, "-noout", "-CAfile", rig.Files.CertificateFile);
    }

    [Fact]
    public async Task Revoking_again_changes_nothing()
    {
        using var list = await rig.RevocationsAsync();
        await list.RevokeAsync("4a00", X509RevocationReason.KeyCompromise, CancellationToken.None);
        var first = await PrintAsync(list);
        rig.Time.Advance(TimeSpan.FromHours(1));

        await list.RevokeAsync("4a00", X509RevocationReason.Superseded, CancellationToken.None);

        Assert.Equal(first, await PrintAsync(list));
    }

    [Theory]
    [InlineData("", X509RevocationReason.Unspecified)]
    [InlineData("4A", X509RevocationReason.Unspecified)]
    [InlineData("4", X509RevocationReason.Unspecified)]
    [InlineData("xy", X509RevocationReason.Unspecified)]
    [InlineData("4a", X509RevocationReason.CertificateHold)]
    [InlineData("4a", X509RevocationReason.RemoveFromCrl)]
    [InlineData("4a", (X509RevocationReason)77)]
    public async Task What_is_no_serial_number_or_could_be_taken_back_is_not_revoked(string serial, X509RevocationReason reason)
    {
        using var list = await rig.RevocationsAsync();

        await Assert.ThrowsAsync<ArgumentException>(() => list.RevokeAsync(serial, reason, CancellationToken.None));
        Assert.Empty(list.All);
    }

    [Fact]
    public async Task Many_that_are_revoked_at_once_are_all_in_the_list()
    {
        using var list = await rig.RevocationsAsync();
        var serials = Enumerable.Range(0, 50).Select(_ => rig.Issue().Certificate.Serial).ToList();

        await Task.WhenAll(serials.Select(serial => list.RevokeAsync(serial, X509RevocationReason.Superseded, CancellationToken.None)));

        var printed = await PrintAsync(list);
        Assert.All(serials, serial => Assert.Contains(serial, printed, StringComparison.OrdinalIgnoreCase));
        Assert.Contains("\n                51\n", printed, StringComparison.Ordinal);
    }

    public static TheoryData<string, int> Cuts
    {
        get
        {
            var all = new TheoryData<string, int>();
            foreach (var file in new[] { "revoked.json", "crl.pem" })
            {
                for (var step = -1; step < Enum.GetValues<WriteStep>().Length; step++)
                    all.Add(file, step);
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_revocation_that_is_cut_at_any_step_is_there_or_not_and_none_before_it_is_forgotten(string file, int step)
    {
        await RevokeOneAsync();
        string[] paths = [rig.Files.RevokedFile, rig.Files.ListFile];
        var before = paths.Select(File.ReadAllBytes).ToArray();
        using (var list = await rig.RevocationsAsync())
            await list.RevokeAsync("4b00", X509RevocationReason.Superseded, CancellationToken.None);
        var after = paths.Select(File.ReadAllBytes).ToArray();
        var cut = Array.FindIndex(paths, path => Path.GetFileName(path) == file);
        for (var later = cut; later < paths.Length; later++)
            await File.WriteAllBytesAsync(paths[later], before[later]);

        // -1 is amid the first step.
        _ = step < 0
            ? DurableFile.Steps(paths[cut], after[cut].AsMemory(0, after[cut].Length / 2)).First()
            : DurableFile.Steps(paths[cut], after[cut]).First(done => (int)done == step);
        rig.Restart();
        using var again = await rig.RevocationsAsync();

        var isRevoked = file == "crl.pem" || step >= (int)WriteStep.Renamed;
        Assert.Equal(isRevoked ? ["4a00", "4b00"] : ["4a00"], again.All.Select(entry => entry.Serial));
        Assert.Equal(isRevoked, (await PrintAsync(again)).Contains("Serial Number: 4B00", StringComparison.Ordinal));
        Assert.Empty(Directory.EnumerateFiles(rig.Files.Path, "*" + DurableFile.TemporaryEnding));
    }

    [Fact]
    public async Task A_restart_knows_what_was_revoked_and_signs_no_list_without_need()
    {
        await RevokeOneAsync();
        var signed = await File.ReadAllTextAsync(rig.Files.ListFile);
        rig.Restart();

        using var list = await rig.RevocationsAsync();

        Assert.Equal(new Revocation("4a00", X509RevocationReason.KeyCompromise, rig.Time.GetUtcNow()), Assert.Single(list.All));
        Assert.Equal(signed, await File.ReadAllTextAsync(list.ListFile));
    }

    [Fact]
    public async Task A_list_is_renewed_at_half_of_its_time_and_not_before()
    {
        using var list = await rig.RevocationsAsync();
        var signed = await File.ReadAllTextAsync(list.ListFile);
        rig.Time.Advance((RevocationList.Validity / 2) - TimeSpan.FromMinutes(1));
        await list.RenewAsync(CancellationToken.None);
        Assert.Equal(signed, await File.ReadAllTextAsync(list.ListFile));

        rig.Time.Advance(TimeSpan.FromMinutes(1));
        await list.RenewAsync(CancellationToken.None);

        Assert.Contains("\n                2\n", await PrintAsync(list), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_that_is_over_when_the_silo_starts_is_renewed()
    {
        await RevokeOneAsync();
        rig.Restart();
        rig.Time.Advance(RevocationList.Validity * 2);
        var certificate = rig.Issue().Certificate;

        using var list = await rig.RevocationsAsync();

        Assert.Null(await JudgeAsync(list, certificate));
        Assert.True(list.IsRevoked("4a00"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"format":2,"number":1,"certificates":[]}""")]
    [InlineData("""{"format":1,"number":-1,"certificates":[]}""")]
    [InlineData("""{"format":1,"number":1,"certificates":[null]}""")]
    [InlineData("""{"format":1,"number":1}""")]
    [InlineData("""{"format":1,"number":1,"certificates":[{"serial":"4A","reason":"Unspecified","at":"2025-07-01T10:00:00Z"}]}""")]
    [InlineData("""{"format":1,"number":1,"certificates":[{"serial":"4a","reason":"CertificateHold","at":"2025-07-01T10:00:00Z"}]}""")]
    public async Task A_damaged_document_is_set_aside_and_taken_from_the_signed_list_with_an_error_in_the_log(string content)
    {
        await RevokeOneAsync();
        rig.Restart();
        await File.WriteAllTextAsync(rig.Files.RevokedFile, content);
        rig.Logs.Expect(Damaged).Expect(Recovered);

        using (var list = await rig.RevocationsAsync())
            Assert.Equal(X509RevocationReason.KeyCompromise, Assert.Single(list.All).Reason);

        Assert.Single(rig.Logs.Of(Recovered));
        Assert.Equal(content, await File.ReadAllTextAsync(rig.Files.RevokedFile + ".damaged-1"));
        rig.Restart();
        using var again = await rig.RevocationsAsync();
        Assert.True(again.IsRevoked("4a00"));
        Assert.Contains("\n                3\n", await PrintAsync(again), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_document_is_taken_from_the_signed_list()
    {
        await RevokeOneAsync();
        rig.Restart();
        File.Delete(rig.Files.RevokedFile);
        rig.Logs.Expect(Recovered);

        using var list = await rig.RevocationsAsync();

        Assert.True(list.IsRevoked("4a00"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")]
    public async Task A_damaged_list_is_made_again_from_its_document(string content)
    {
        await RevokeOneAsync();
        rig.Restart();
        await File.WriteAllTextAsync(rig.Files.ListFile, content);

        using var list = await rig.RevocationsAsync();

        Assert.Contains("Serial Number: 4A00", await PrintAsync(list), StringComparison.Ordinal);
        Assert.Single(rig.Logs.Of(ListLost));
    }

    [Fact]
    public async Task Where_both_are_lost_the_silo_does_not_start()
    {
        await RevokeOneAsync();
        rig.Restart();
        File.Delete(rig.Files.RevokedFile);
        await File.WriteAllTextAsync(rig.Files.ListFile, "?");

        var refused = await Assert.ThrowsAsync<SiloOptionsException>(rig.RevocationsAsync);

        Assert.Contains("backup", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public async Task A_list_that_another_authority_signed_counts_for_nothing()
    {
        using var other = new AuthorityRig();
        using (var theirs = await other.RevocationsAsync())
        {
            await theirs.RevokeAsync("4b00", X509RevocationReason.KeyCompromise, CancellationToken.None);
            Assert.NotNull(SignedRevocationList.Read(await File.ReadAllTextAsync(theirs.ListFile), other.Authority));
            Assert.NotNull(rig.Authority);
            File.Copy(theirs.ListFile, rig.Files.ListFile);
        }

        using var list = await rig.RevocationsAsync();

        Assert.Empty(list.All);
        Assert.Contains("No Revoked Certificates", await PrintAsync(list), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_from_an_old_backup_forgets_nothing_that_the_list_has()
    {
        await RevokeOneAsync();
        var backup = await File.ReadAllBytesAsync(rig.Files.RevokedFile);
        rig.Restart();
        using (var list = await rig.RevocationsAsync())
            await list.RevokeAsync("4b00", X509RevocationReason.CessationOfOperation, CancellationToken.None);
        rig.Restart();
        await File.WriteAllBytesAsync(rig.Files.RevokedFile, backup);

        using (var list = await rig.RevocationsAsync())
            Assert.Equal(["4a00", "4b00"], list.All.Select(entry => entry.Serial));

        File.Delete(rig.Files.ListFile); // What was taken over is in the document as well.
        rig.Restart();
        using var again = await rig.RevocationsAsync();
        Assert.Equal(X509RevocationReason.CessationOfOperation, again.All.Last().Reason);
    }

    [Theory]
    [InlineData("revoked.json")]
    [InlineData("crl.pem")]
    public async Task A_disk_that_refuses_is_said_and_the_next_try_goes_through(string file)
    {
        using var list = await rig.RevocationsAsync();
        rig.Logs.Expect(1002);
        using (new BrokenFile(Path.Combine(rig.Files.Path, file)))
            await Assert.ThrowsAsync<NotStoredException>(() => list.RevokeAsync("4a00", X509RevocationReason.KeyCompromise, CancellationToken.None));

        await list.RevokeAsync("4a00", X509RevocationReason.KeyCompromise, CancellationToken.None);

        Assert.Contains("Serial Number: 4A00", await PrintAsync(list), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revocation_that_is_cut_between_document_and_list_is_in_the_list_after_a_restart()
    {
        using (var list = await rig.RevocationsAsync())
        {
            using (new BrokenFile(list.ListFile))
                await Assert.ThrowsAsync<NotStoredException>(() => list.RevokeAsync("4a00", X509RevocationReason.KeyCompromise, CancellationToken.None));
        }

        rig.Restart();
        using var again = await rig.RevocationsAsync();

        Assert.Contains("Serial Number: 4A00", await PrintAsync(again), StringComparison.Ordinal);
    }

    public void Dispose() => rig.Dispose();

    private async Task RevokeOneAsync()
    {
        using var list = await rig.RevocationsAsync();
        await list.RevokeAsync("4a00", X509RevocationReason.KeyCompromise, CancellationToken.None);
    }

    private Task<string?> JudgeAsync(RevocationList list, IssuedCertificate certificate) =>
        rig.JudgeAsync(certificate, "sslclient", "-crl_check", "-CRLfile", list.ListFile);

    private static Task<string> PrintAsync(RevocationList list) => OpenSsl.DoAsync("crl", "-in", list.ListFile, "-noout", "-text");
}
