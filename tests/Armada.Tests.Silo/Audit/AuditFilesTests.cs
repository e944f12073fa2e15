using Armada.Silo.Access;
using Armada.Silo.Audit;
using Armada.Testing;
using Armada.Testing.Logging;

namespace Armada.Tests.Silo.Audit;

public sealed class AuditFilesTests : IDisposable
{
    private const int Torn = 1200;

    private readonly TempFolder folder = new();
    private readonly FailOnLoggedErrors logs = new();

    [Fact]
    public void Records_come_back_newest_first_and_numbers_go_on_after_a_restart()
    {
        using (var files = Open())
        {
            files.Append([Record(1), Record(2)]);
            files.Append([Record(3)]);
        }

        using var again = Open();
        Assert.Equal(4, again.NextSeq);
        again.Append([Record(4)]);

        Assert.Equal([4, 3, 2, 1], again.ReadBackwards().Select(record => record.Seq));
        Assert.Equal(Record(2), again.ReadBackwards().Single(record => record.Seq == 2));
    }

    [Fact]
    public void An_end_at_any_byte_loses_at_most_the_record_being_written()
    {
        using (var files = Open())
            files.Append([Record(1), Record(2), Record(3)]);
        var path = Assert.Single(Directory.GetFiles(folder.Path));
        var content = File.ReadAllBytes(path);
        var ends = content.Index().Where(one => one.Item == '\n').Select(one => one.Index).ToList();

        for (var length = 0; length <= content.Length; length++)
        {
            foreach (var left in Directory.GetFiles(folder.Path))
                File.Delete(left);
            File.WriteAllBytes(path, content[..length]);
            var whole = ends.Count(end => end < length);
            using var cut = Open();

            Assert.Equal(whole + 1, cut.NextSeq);
            cut.Append([Record(whole + 1)]);

            Assert.Equal(Enumerable.Range(1, whole + 1).Reverse().Select(seq => (long)seq), cut.ReadBackwards().Select(record => record.Seq));
            var torn = Directory.GetFiles(folder.Path, "*.torn-*");
            var rest = length - (whole == 0 ? 0 : ends[whole - 1] + 1);
            Assert.Equal(rest > 0 ? 1 : 0, torn.Length);
            if (rest > 0)
                Assert.Equal(content[(length - rest)..length], File.ReadAllBytes(torn[0]));
        }

        Assert.NotEmpty(logs.Of(Torn));
    }

    [Fact]
    public void A_line_that_cannot_be_read_hides_no_other()
    {
        using (var files = Open())
            files.Append([Record(1), Record(2), Record(3)]);
        var path = Assert.Single(Directory.GetFiles(folder.Path));
        var lines = File.ReadAllLines(path);
        lines[1] = "\0\0{\"seq\":2";
        File.WriteAllLines(path, lines);

        using var again = Open();

        Assert.Equal([3L, 1L], again.ReadBackwards().Select(record => record.Seq));
        Assert.Equal(4, again.NextSeq);
    }

    [Fact]
    public void The_oldest_file_goes_when_there_are_too_many()
    {
        var line = Record(1).ToLine().Length;
        var size = new AuditSize(FileBytes: 10 * line, Files: 3);
        using (var files = Open(size))
        {
            for (var seq = 1; seq <= 200; seq++)
                files.Append([Record(seq)]);
        }

        using var again = Open(size);
        var kept = again.ReadBackwards().Select(record => record.Seq).ToList();

        Assert.Equal(3, Directory.GetFiles(folder.Path).Length);
        Assert.True(Directory.GetFiles(folder.Path).Sum(file => new FileInfo(file).Length) <= 3 * 12 * line, "the trail takes too much room");
        Assert.Equal(200, kept[0]);
        Assert.Equal(Enumerable.Range(0, kept.Count).Select(i => 200L - i), kept);
        Assert.Equal(201, again.NextSeq);
    }

    [Fact]
    public void What_the_disk_refused_can_be_appended_again()
    {
        using var files = Open();
        var blocked = Directory.CreateDirectory(folder.File("000000000001.jsonl"));
        Assert.ThrowsAny<SystemException>(() => files.Append([Record(1)]));
        Assert.Empty(files.ReadBackwards());

        blocked.Delete();
        files.Append([Record(1), Record(2)]);

        Assert.Equal([2L, 1L], files.ReadBackwards().Select(record => record.Seq));
    }

    [Fact]
    public void Any_text_stays_on_its_line()
    {
        using var files = Open();
        var odd = Record(1) with { Subject = "a\nb\u0085\u2028\"", Detail = "\0\ud83e\udd16 {\"seq\":9}\r\n" };

        files.Append([odd, Record(2)]);

        Assert.Equal([Record(2), odd], files.ReadBackwards());
    }

    public void Dispose()
    {
        folder.Dispose();
        logs.Dispose();
    }

    private static AuditRecord Record(int seq) =>
        new(seq, DateTimeOffset.UnixEpoch.AddSeconds(seq), "boss", Role.Admin, "::1", "stop", "arm-1", seq % 2 == 0 ? "why not" : null);

    private AuditFiles Open(AuditSize? size = null) => new(folder.Path, size ?? new AuditSize(), logs.For<AuditFiles>());
}
