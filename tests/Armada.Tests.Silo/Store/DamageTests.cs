using FsCheck;
using FsCheck.Fluent;

namespace Armada.Tests.Silo.Store;

/// <summary>A damaged file of any kind is set aside, and everything else loads.</summary>
public sealed class DamageTests : IDisposable
{
    private readonly Shelf shelf = new();

    public static TheoryData<string, string> Damages
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var kind in Shelf.Kinds)
            {
                foreach (var content in new[] { "", "{", "null", "[]", "\0\0\0\0", """{"format":1}""", """{"format":3,"robot":{},"key":{}}""" })
                    all.Add(kind, content);
            }

            foreach (var (part, damaged) in new[]
            {
                ("\"format\": 2", "\"format\": 3"),
                ("\"id\": \"bad-arm\"", "\"id\": \"other\""),
                ("\"slaves\": [", "\"slaves\": [ null,"),
                ("\"joints\": [", "\"joints\": [ null,"),
                ("\"tunes\": [", "\"tunes\": [ null,"),
                ("\"kind\": \"Device\"", "\"kind\": 77"),
                ("\"kind\": \"WebSocket\"", "\"kind\": \"Remote\""),
                ("\"name\": \"follower\"", "\"name\": \"door\""),
                ("\"name\": \"follower\"", "\"name\": \"a/+\""),
                ("\"name\": \"follower\",", ""),
                ("\"offset\": 1.5", "\"offset\": 1e300"),
                ("\"max_velocity\": ", "\"max_velocity\": -"),
                ("\"epoch\": ", "\"epoch\": -"),
            })
                all.Add("robots", $"{part}=>{damaged}");
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task A_damaged_file_is_set_aside_with_a_line_in_the_log_and_the_rest_loads(string kind, string damage)
    {
        await shelf.FillAsync("bad");
        var path = shelf.FileOf(kind);
        await shelf.FillAsync("well");
        var content = damage;
        if (damage.Split("=>") is [var part, var other])
        {
            var sound = await File.ReadAllTextAsync(path);
            Assert.Contains(part, sound, StringComparison.Ordinal);
            content = sound.Replace(part, other, StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(path, content);

        await LoadsWithoutAsync(kind, path);
        Assert.Equal(content, await File.ReadAllTextAsync(path + ".damaged-1"));
    }

    [Fact]
    public async Task A_file_that_the_disk_cannot_read_is_set_aside_and_the_rest_loads()
    {
        await shelf.FillAsync("bad");
        var path = shelf.FileOf("robots");
        await shelf.FillAsync("well");
        File.Delete(path);
        File.CreateSymbolicLink(path, "/proc/self/mem"); // Its first byte cannot be read: EIO.

        await LoadsWithoutAsync("robots", path);
    }

    [Fact]
    public async Task Whatever_became_of_a_file_the_rest_loads()
    {
        await shelf.FillAsync("bad");
        var paths = Shelf.Kinds.Select(shelf.FileOf).Append(Path.Combine(shelf.Path, "fleet.json")).ToArray();
        var sound = paths.Select(File.ReadAllBytes).ToArray();
        await shelf.FillAsync("well");

        var damages = Gen.Choose(0, paths.Length - 1).SelectMany(file =>
            Gen.Choose(0, 4).SelectMany(how => Gen.Choose(0, sound[file].Length - 1).SelectMany(at =>
                Gen.Choose(0, 255).Select(value => (file, how, at, value)))));
        Prop.ForAll(Arb.From(damages), damage =>
        {
            for (var file = 0; file < paths.Length; file++)
                File.WriteAllBytes(paths[file], file == damage.file ? Damage(sound[file], damage.how, damage.at, (byte)damage.value) : sound[file]);
            var found = shelf.LoadAsync().GetAwaiter().GetResult();
            return Shelf.Kinds.All(kind => found[kind].Any(entity => entity.StartsWith("well", StringComparison.Ordinal))
                && found[kind].Count() + (paths[damage.file].Contains(kind, StringComparison.Ordinal) ? 1 : 0) >= 2);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    public void Dispose() => shelf.Dispose();

    // Cut off, one byte another, zeros from there on, a part twice, a part left out.
    private static byte[] Damage(byte[] sound, int how, int at, byte value) => how switch
    {
        0 => sound[..at],
        1 => [.. sound[..at], value, .. sound[(at + 1)..]],
        2 => [.. sound[..at], .. new byte[sound.Length - at]],
        3 => [.. sound[..at], .. sound[(at / 2)..]],
        _ => [.. sound[..at], .. sound[Math.Min(sound.Length, at + value)..]],
    };

    private async Task LoadsWithoutAsync(string damaged, string path)
    {
        var found = await shelf.LoadAsync();

        foreach (var kind in Shelf.Kinds)
            Assert.Equal(kind == damaged ? 1 : 2, found[kind].Count());
        Assert.Equal("False", Assert.Single(found["fleet"]));
        Assert.All(found[damaged], entity => Assert.StartsWith("well", entity, StringComparison.Ordinal));
        Assert.Equal([path + ".damaged-1"], shelf.Aside);
        var line = Assert.Single(shelf.Logs.Of(Shelf.Damaged)).Message;
        Assert.Contains(path, line, StringComparison.Ordinal);
        Assert.Contains("set aside", line, StringComparison.Ordinal);
        Assert.Single((await shelf.LoadAsync())[damaged]);
        Assert.Single(shelf.Logs.Of(Shelf.Damaged));
    }
}
